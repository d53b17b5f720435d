import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { TurnRoom } from '../../src/engine/turn-room.ts';
import { openRuntime } from './open-runtime.ts';

it('lets what is asked for in one turn in over several, in order', async () => {
  const room = new TurnRoom();
  const entered: number[] = [];
  const perTurn: number[] = [];
  for (let index = 0; index < 300; index++) void Promise.resolve(room.enter()).then(() => entered.push(index));
  while (entered.length < 300) {
    const before = entered.length;
    await nextTurn();
    perTurn.push(entered.length - before);
  }
  expect(entered).toEqual(Array.from({ length: 300 }, (_, index) => index));
  expect(perTurn.length).toBeGreaterThanOrEqual(4);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(128);
  expect(room.enter()).toBeUndefined();
});

it.each(['settled', 'get', 'progress'] as const)('leaves the loop turning while thousands ask for executions at once: %s', async how => {
  const store = createMemoryStore();
  let reads = 0;
  const { runtime } = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:work' }] }, { work: () => 1 }, { store });
  const execution = await runtime.start('f');
  await execution.settled();
  const { getExecution } = store;
  store.getExecution = (...given) => (reads++, getExecution.apply(store, given));
  const asked = Promise.all(Array.from({ length: 2_000 }, () => execution[how]()));
  let most = 0;
  let done = false;
  void asked.then(() => (done = true));
  while (!done) {
    reads = 0;
    await nextTurn();
    most = Math.max(most, reads);
  }
  expect(most).toBeLessThanOrEqual(200);
  expect(await asked).toHaveLength(2_000);
  await runtime.stop();
});

it('prepares thousands of starts of one turn in several, in their order', async () => {
  const { runtime } = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:work' }] }, { work: () => 1 });
  const reads: number[] = [];
  const toInput = (number: number) => ({
    get number() {
      reads.push(number);
      return number;
    },
  });
  const started = Promise.all(Array.from({ length: 2_500 }, (_, number) => runtime.start('f', { input: toInput(number) })));
  // As many turns of the microtasks as nobody needs for a start: the event loop has not turned yet.
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  expect(new Set(reads).size).toBe(1_000);
  await started;
  expect([...new Set(reads)]).toEqual(Array.from({ length: 2_500 }, (_, number) => number));
  await runtime.stop();
});
