import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability } from 'flowstone/sqlite';
import { createSeededRandom } from '../../../src/core/ids.ts';
import { examineDisk } from './examine-disk.ts';
import type { Operation } from './record.ts';
import { buildShim, recordProcess } from './record.ts';
import type { Fate } from './recorded-disk.ts';
import { RecordedDisk, fates } from './recorded-disk.ts';
import { Acknowledged } from './witness.ts';

export interface PowerCutOptions {
  readonly seed: number;
  readonly durability: Durability;
  readonly flows: number;
  /** Moments at which the power goes, each with one fate of what was not synced. */
  readonly states: number;
  /** Default: all of them, in turns. */
  readonly only?: Fate;
}

export interface PowerCutResult {
  readonly operations: number;
  readonly states: number;
  readonly replays: number;
  readonly wentOn: number;
  readonly losses: readonly string[];
  readonly errors: readonly string[];
}

/** One in so many states goes on to its end. */
const goOnEvery = 10;

/**
 * Records every write and sync of a process, then cuts the power at many moments of it and looks at what is left.
 *
 * Undefined where nothing can be recorded: not on Linux, or without a C compiler.
 */
export async function runPowerCuts({ seed, durability, flows, states, only }: PowerCutOptions): Promise<PowerCutResult | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-power-'));
  try {
    const shim = buildShim(folder);
    if (shim === undefined) return undefined;
    const operations = recordProcess(shim, join(folder, 'recorded'), durability, flows);
    const random = createSeededRandom(seed);
    const moments = chooseMoments(operations, states, random.next.bind(random));
    const disk = new RecordedDisk(random);
    const acknowledged = new Acknowledged();
    const result = { operations: operations.length, states: 0, replays: 0, wentOn: 0, losses: [] as string[], errors: [] as string[] };
    for (const [index, operation] of operations.entries()) {
      if (operation.name === 'witness') acknowledged.read(operation.bytes ?? Buffer.alloc(0));
      // The index of the log is memory that processes share, and gone with them.
      else if (!operation.name.endsWith('-shm')) disk.note(operation);
      if (!moments.has(index)) continue;
      const fate = only ?? (fates[result.states % fates.length] as Fate);
      const goOn = result.states % goOnEvery === 0;
      const state = join(folder, `state-${result.states}`);
      mkdirSync(state);
      for (const [name, bytes] of disk.cut(fate)) writeFileSync(join(state, name), bytes);
      const { losses, errors, replays } = await examineDisk(join(state, 'recorded.db'), acknowledged, goOn);
      rmSync(state, { recursive: true, force: true });
      const where = `after operation ${index} of ${operations.length}, what was not synced ${fate}: `;
      result.losses.push(...losses.slice(0, 1).map(loss => where + loss));
      result.errors.push(...errors.slice(0, 1).map(error => where + error));
      result.states++;
      result.replays += replays;
      if (goOn) result.wentOn++;
    }
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Mostly right after something was acknowledged, synced, cut or removed, or while the log is carried over into the database. */
function chooseMoments(operations: readonly Operation[], count: number, next: () => number): ReadonlySet<number> {
  const weigh = ({ kind, name }: Operation): number => (kind !== 'write' || name === 'witness' || name === 'recorded.db' ? 3 : 1);
  // Keys of a weighted sample without replacement (Efraimidis and Spirakis, 2006).
  const keyed = operations.map((operation, index) => ({ index, key: next() ** (1 / weigh(operation)) }));
  return new Set(keyed.toSorted((a, b) => b.key - a.key).slice(0, count).map(({ index }) => index));
}
