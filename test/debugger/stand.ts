import { setImmediate as nextTurn } from 'node:timers/promises';
import { setup } from 'xstate';
import type { createMemoryStore } from '../../src/index.ts';
import { defineFlow, defineQueue, defineTool, SimulatedClock } from '../../src/index.ts';
import type { RuntimeOptions } from '../../src/runtime/api.ts';
import type { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createLedger, recordCommits } from './recorded-store.ts';

/** Lets everything happen that happens by itself. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await nextTurn();
}

export const door = setup({}).createMachine({ id: 'door', initial: 'shut', states: { shut: { on: { open: 'open' } }, open: { type: 'final' } } });
export const jobs = defineQueue({ name: 'jobs' });

const work = { uses: 'tool:work' } as const;
export const flows = [
  defineFlow({ id: 'two', steps: [{ id: 'a', ...work }, { id: 'b', ...work, depends_on: ['a'] }] }),
  defineFlow({ id: 'waiting', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }] }),
  defineFlow({ id: 'machine', steps: [{ id: 'door', uses: 'machine:door' }] }),
  defineFlow({ id: 'letter', steps: [{ id: 'get', uses: 'await_message', with: { queue: 'jobs' } }] }),
  defineFlow({ id: 'parent', steps: [{ id: 'child', uses: 'flow:two' }] }),
  defineFlow({ id: 'items', steps: [{ id: 'each', uses: 'tool:work', for_each: '{% [1, 2] %}' }, { id: 'end', uses: 'tool:broken', depends_on: ['each'], critical: false }] }),
];

/** A runtime whose handler calls and commits are written down by others. */
export async function openStand(create: typeof createRuntime, createStore: typeof createMemoryStore, options: Partial<RuntimeOptions> = {}) {
  const ledger = createLedger();
  const calls: string[] = [];
  const clock = new SimulatedClock();
  const store = recordCommits(createStore(), ledger);
  const note = defineTool({ name: 'work', run: async ({ stepId, item }) => {
    calls.push(item === undefined ? stepId : `${stepId}[${item}]`);
    return { by: stepId };
  } });
  const broken = defineTool({ name: 'broken', run: async () => { throw new Error('it broke'); } });
  const runtime = await create({ store, clock, tools: [note, broken], flows, machines: [door], queues: [jobs], ...options });
  const countEntries = (): number => [...ledger.journals.values()].reduce((sum, { length }) => sum + length, 0);
  return { runtime, debug: runtime.debug, store, clock, ledger, calls, countEntries };
}
