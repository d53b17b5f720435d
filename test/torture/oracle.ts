import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

/** What a handler did or a caller was told, as it was written down outside the database at the time. */
export interface Observation {
  /** `start` and `end`: of a handler. `answered` and `settled`: what a caller learnt of an execution. */
  readonly what: 'start' | 'end' | 'answered' | 'settled';
  readonly executionId: string;
  readonly stepId: string;
  readonly attempt: number;
  readonly key: string;
}

/** A witness that knows nothing of the database: an append-only file, synced after every line. */
export function openOracle(file: string): { readonly note: (observation: Observation) => void; readonly close: () => void } {
  // A kill in the middle of a write leaves part of a line; the next line must not be glued to it.
  if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf('\n') + 1);
  const handle = openSync(file, 'a');
  return {
    note(observation) {
      writeSync(handle, `${JSON.stringify(observation)}\n`);
      fsyncSync(handle);
    },
    close: () => closeSync(handle),
  };
}

/** Everything noted so far, in order. A line that a kill cut short was never finished and does not count. */
export function readOracle(file: string): Observation[] {
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Observation);
}
