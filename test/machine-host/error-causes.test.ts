import { expect, it } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import { listCauses } from '../../src/core/error-causes.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { decodeError, encodeError } from '../../src/kinds/actors/value-marks.ts';
import { readActorView } from '../../src/kinds/actors/read-actor-view.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';

const thrown = (): Error => {
  const row = Object.assign(new Error('row 17: no such customer'), { code: 'customer_unknown' });
  const gathered = new AggregateError([row, new TypeError('row 18: no amount'), 'row 19'], 'three rows');
  return Object.assign(new Error('The import failed', { cause: new RangeError('the batch', { cause: gathered }) }), { code: 'import_failed' });
};
const causes = [
  { message: 'the batch', name: 'RangeError' }, { message: 'three rows', name: 'AggregateError' }, { message: 'row 17: no such customer', code: 'customer_unknown' },
  { message: 'row 18: no amount', name: 'TypeError' }, { message: 'row 19' },
];

const broken = setup({ actors: { load: fromPromise(() => Promise.reject(thrown())) } }).createMachine({ id: 'broken', initial: 'on', states: { on: { invoke: { src: 'load' } } } });
const tolerant = setup({ actors: { load: fromPromise(() => Promise.reject(thrown())) }, types: {} as { context: { causes: unknown } } }).createMachine({
  id: 'tolerant', context: { causes: null }, initial: 'on',
  states: { on: { invoke: { src: 'load', onError: { target: 'off', actions: assign({ causes: ({ event }) => listCauses(event.error) }) } } }, off: {} },
});

it('has what is behind the error of a promise in its actor, before and after a restart', async () => {
  const store = createMemoryStore();
  const first = await createRuntime({ store, machines: [broken, tolerant] });
  const actor = await first.spawn(broken, { id: 'a' });
  const other = await first.spawn(tolerant, { id: 'b' });
  await settleTicks();
  expect(other.getSnapshot().context.causes).toEqual(causes);
  expect(listCauses(actor.getSnapshot().error)).toEqual(causes);
  const copy = store.copy();
  await first.stop({ timeoutMs: 0 });
  const second = await createRuntime({ store: copy, machines: [broken, tolerant] });
  const { error } = (await second.actor('a')).getSnapshot() as { error?: Error & { code?: string } };
  expect(error).toMatchObject({ message: 'The import failed', code: 'import_failed' });
  expect(Object.keys(error as object)).toEqual(['code']);
  expect(listCauses(error)).toEqual(causes);
  expect(JSON.stringify((await readActorView(copy, 'a', 1))?.root)).toContain('row 18: no amount');
  await second.stop();
});

it('tells them as the reason of a step that is a machine, as of one that is a tool', async () => {
  const flow = defineFlow({ id: 'f', mode: 'lenient', steps: [{ id: 'machine', uses: 'machine:broken', with: {} }, { id: 'tool', uses: 'tool:load', with: {} }] });
  const runtime = await createRuntime({ store: createMemoryStore(), machines: [broken], flows: [flow], tools: [{ name: 'load', run: () => Promise.reject(thrown()) }] });
  const { steps } = await (await runtime.start(flow)).settled();
  const [machine, tool] = steps.map(({ reason }) => reason);
  expect(machine).toMatchObject({ code: 'import_failed', message: 'The import failed: the batch: three rows: row 17: no such customer (customer_unknown): row 18: no amount: row 19', details: { causes } });
  expect(machine?.message).toBe(tool?.message);
  expect(machine?.details).toEqual(tool?.details);
  await runtime.stop();
});

it.each([
  ['a circle', () => { const error = new Error('a'); error.cause = new Error('b', { cause: error }); return error; }],
  ['a very long chain', () => { let error = new Error('0'); for (let depth = 1; depth < 10_000; depth++) error = new Error(String(depth), { cause: error }); return error; }],
  ['very many gathered', () => new AggregateError(Array.from({ length: 100_000 }, (_, index) => new Error(String(index))), 'all')],
  ['gathered errors that gather', () => Array.from({ length: 20 }).reduce<Error>(error => new AggregateError(Array.from({ length: 20 }, () => error), 'all'), new Error('one'))],
  ['causes that are no errors', () => new Error('x', { cause: { message: 'an object', more: () => 1 } })],
  ['a symbol', () => new Error('x', { cause: Symbol('s') })],
])('keeps a bounded part of %s', (_what, make) => {
  const stored = JSON.parse(JSON.stringify(encodeError(make()))) as ReturnType<typeof encodeError>;
  expect(JSON.stringify(stored).length).toBeLessThan(10_000);
  const [given, kept] = [listCauses(make()), listCauses(decodeError(stored.flowstone$error))];
  expect(kept.slice(0, 3).map(({ message }) => message)).toEqual(given.slice(0, 3).map(({ message }) => message));
});
