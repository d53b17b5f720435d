import { describe, expect, it } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';

const child = setup({ actors: { ship: fromPromise(async () => 'sent') } }).createMachine({ id: 'child', invoke: { src: 'ship' } });
const machine = setup({ actors: { pay: fromPromise(async () => 'paid'), child } }).createMachine({ id: 'shop', initial: 'idle', states: { idle: {} } });

describe('what a runtime is given with machines', () => {
  it.each<[string, object, string]>([
    ['machines that are no list', { machines: machine }, '`machines` to be a list'],
    ['codecs that are no list', { codecs: 5 }, '`codecs` to be a list'],
    ['a part that is not known', { machines: [{ machine, migration: [] }] }, 'did you mean `migrations`'],
    ['migrations that are no list', { machines: [{ machine, migrations: 5 }] }, '`migrations` to be a list'],
    ['a migration without a function', { machines: [{ machine, migrations: [{ from: '1', to: '2' }] }] }, '`migrations[0]` to be'],
    ['options for a promise that is not there', { machines: [{ machine, promises: { pays: { maxAttempts: 3 } } }] }, 'did you mean `pay`'],
    ['options for a child that is no promise', { machines: [{ machine, promises: { child: { maxAttempts: 3 } } }] }, '(pay, ship), got `child`'],
  ])('is refused: %s', async (_, options, message) => {
    const outcome = await createRuntime({ store: createMemoryStore(), ...options }).then(() => 'taken', (error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'option_invalid', message: expect.stringContaining(message) as string });
  });

  it('has options for promises of the machine and of its children, also when an actor is spawned', async () => {
    const runtime = await createRuntime({ store: createMemoryStore(), machines: [{ machine, promises: { pay: { maxAttempts: 2 }, ship: { maxAttempts: 2 } } }] });
    await expect(runtime.spawn(machine, { id: 'a', promises: { shipp: { maxAttempts: 2 } } })).rejects.toMatchObject({ code: 'option_invalid', message: expect.stringContaining('did you mean `ship`') as string });
    expect((await runtime.spawn(machine, { id: 'a', promises: { ship: { maxAttempts: 3 } } })).id).toBe('a');
    await runtime.stop();
  });
});

it.each([{ limit: -1 }, { limit: 'x' }, { limit: 0 }, { status: 'bogus' }, { machineId: 5 }, { after: 5 }, null])('a list of actors is not asked for with %j', async filter => {
  const runtime = await createRuntime({ store: createMemoryStore() });
  await expect(runtime.actors(filter as never)).rejects.toMatchObject({ code: 'option_invalid' });
  await runtime.stop();
});
