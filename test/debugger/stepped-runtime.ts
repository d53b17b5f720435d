import { isDeepStrictEqual } from 'node:util';
import type { Records } from '../../persistence/store.ts';
import { readEntries } from '../../src/core/journal-text.ts';
import type { Debugger } from '../../src/debugger/debugger.ts';
import type { Rehearsed } from '../../src/engine/rehearse.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';

/** What a stepped runtime has seen. */
export interface Stepped {
  steps: number;
  /** Previews that were compared with the commits that they were of. */
  compared: number;
  /** Where a preview did not say what its commit wrote. */
  readonly wrong: { readonly expected: unknown; readonly found: unknown }[];
}

export const createStepped = (): Stepped => ({ steps: 0, compared: 0, wrong: [] });

/** The entries of an execution's journal after a transition. */
export async function readAll(store: Records, executionId: string, after = 0): Promise<unknown[]> {
  const record = await store.getExecution(executionId);
  const rows = record ? await store.readJournal(record.key, after, 100_000) : [];
  return rows.flatMap(({ entries }) => readEntries(JSON.parse(entries) as never));
}

/** What a preview says that the journal of an execution will. */
export const toJournal = ({ entries }: Rehearsed, key: string): unknown[] =>
  entries.filter(entry => entry.key === key && !entry.isMicrostep).map(({ address, event, state }) => JSON.parse(JSON.stringify([address, event, state])) as unknown);

/** A runtime in which every flow stands still from its start on, and is let go on message by message, each previewed. */
export async function openStepped(options: RuntimeOptions, seen: Stepped): Promise<Runtime> {
  const runtime = await createRuntime(options);
  const { debug } = runtime;
  const store = options.store as Records;
  for (const flow of options.flows ?? []) debug.pauseOnStart(flow.id, { once: false });
  const going = new Set<string>();
  const pump = async (target: string): Promise<void> => {
    if (going.has(target)) return;
    going.add(target);
    try {
      while (isWaiting(debug, target)) await stepOnce(debug, store, target, seen);
    } finally {
      going.delete(target);
    }
  };
  debug.watch(change => {
    if (!('gone' in change) && change.mode === 'paused' && change.count > 0) pump(change.target).catch(() => {});
  });
  return runtime;
}

/** The same for machines: each stands still as soon as it is there. */
export async function openSteppedActors(options: RuntimeOptions, seen: Stepped): Promise<Runtime> {
  const runtime = await openStepped(options, seen);
  const spawn: Runtime['spawn'] = async (machine, spawning) => {
    const actor = await runtime.spawn(machine, spawning);
    await runtime.debug.pause(`actor:${actor.id}`).catch(() => {});
    return actor;
  };
  return new Proxy(runtime, {
    get(target, name) {
      if (name === 'spawn') return spawn;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

const isWaiting = (debug: Debugger, target: string): boolean => debug.held().some(held => held.target === target && held.count > 0);

/** What an actor's journal has: address below it and type of each event, which may hold what JSON has no word for. */
async function readActor(store: Records, target: string): Promise<unknown[]> {
  const id = target.slice('actor:'.length);
  const rows = (await store.actors?.readActorJournal(id, 0, 100_000)) ?? [];
  const entries = rows.flatMap(row => JSON.parse(row.entries) as [transition: number, address: string, event: { readonly type: string }][]);
  return entries.map(([, address, { type }]) => [address === id ? '' : address.slice(id.length + 1), type]);
}

async function stepActor(debug: Debugger, store: Records, target: string, seen: Stepped): Promise<void> {
  const preview = await debug.preview(target);
  const before = (await readActor(store, target)).length;
  if (!(await debug.step(target))) return;
  seen.steps++;
  if (!preview || preview.failure) return;
  const expected = preview.entries.filter(entry => entry.key === target && !entry.isMicrostep).map(({ address, event }) => [address, event.type]);
  const found = (await readActor(store, target)).slice(before, before + expected.length);
  seen.compared++;
  if (!isDeepStrictEqual(found, expected)) seen.wrong.push({ expected, found });
}

async function stepOnce(debug: Debugger, store: Records, target: string, seen: Stepped): Promise<void> {
  if (target.startsWith('actor:')) return stepActor(debug, store, target, seen);
  const before = (await store.getExecution(target))?.seq ?? 0;
  const preview = await debug.preview(target);
  const isSame = ((await store.getExecution(target))?.seq ?? 0) === before;
  if (!(await debug.step(target))) return;
  seen.steps++;
  if (!preview || !isSame || preview.failure) return;
  const expected = toJournal(preview, target);
  // What came right behind it, as a cancel, is of another commit.
  const found = (await readAll(store, target, before)).slice(0, expected.length);
  seen.compared++;
  if (!isDeepStrictEqual(found, expected)) seen.wrong.push({ expected, found });
}
