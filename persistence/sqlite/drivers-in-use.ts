import { FlowError } from '../../src/core/errors.ts';
import type { SqliteDriver } from './driver.ts';
import { getProcessWideMap } from './process-wide.ts';

/** Which driver this process has a file open with, and how often. */
const driversInUse = getProcessWideMap<{ readonly driver: SqliteDriver; count: number }>('drivers');

export function findDriverInUse(path: string): SqliteDriver | undefined {
  return driversInUse.get(path)?.driver;
}

/**
 * Notes that a file is opened. Two SQLite libraries on one file would drop each other's locks.
 *
 * @throws a `FlowError` with code `driver_conflict`
 */
export function noteOpened(path: string, driver: SqliteDriver): void {
  const inUse = driversInUse.get(path);
  if (inUse && driver !== inUse.driver) {
    throw new FlowError(
      'driver_conflict',
      `Expected the driver ${inUse.driver}, with which this process has ${path} open, got ${driver}. Two SQLite libraries on one file break its locks; use one.`,
      { details: { path, inUse: inUse.driver, found: driver } },
    );
  }
  if (inUse) inUse.count += 1;
  else driversInUse.set(path, { driver, count: 1 });
}

export function noteClosed(path: string): void {
  const inUse = driversInUse.get(path);
  if (inUse && --inUse.count === 0) driversInUse.delete(path);
}
