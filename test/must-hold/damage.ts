import { join } from 'node:path';
import { createMachine, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import type { Execution } from '../../src/kinds/flows/execution-api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteReader, openSqliteStore } from '../../src/sqlite.ts';
import type { FlowError } from '../../src/core/errors.ts';
import { run } from '../views/program-harness.ts';
import { settleTicks, toTools, until } from '../runtime/open-runtime.ts';

const forever = new Promise<never>(() => {});
const child = createMachine({ id: 'child', initial: 'on', states: { on: { after: { 86_400_000: 'off' } }, off: {} } });
const parent = setup({ actors: { child } }).createMachine({
  id: 'parent', initial: 'on', invoke: { src: 'child', id: 'c' }, states: { on: { on: { next: 'next' }, after: { 86_400_000: 'next' } }, next: {} },
});
/** The same with one state more: what is stored has to be compared with it. */
export const changedParent = setup({ actors: { child } }).createMachine({ ...parent.config, states: { ...parent.config.states, more: {} } } as never) as unknown as AnyStateMachine;

const queue = defineQueue({ name: 'letters', maxAttempts: 1 });

const flows = [
  defineFlow({ id: 'ends', mode: 'lenient', min_score: 0, assertions: [{ id: 'enough', type: 'equals', path: 'steps.a.output.n', value: 1 }], steps: [
    { id: 'a', uses: 'tool:once', retry: { maxAttempts: 2, initialInterval: '1ms' }, with: { n: '{% input.n %}' } },
    { id: 'list', uses: 'tool:same', for_each: '{% [1, 2] %}', with: '{% item + steps.a.output.n %}', depends_on: ['a'] },
    { id: 'asks', uses: 'tool:asks' },
  ] } as never),
  defineFlow({ id: 'errs', consolidation: { uses: 'breaks' }, steps: [{ id: 'a', uses: 'tool:same' }] } as never),
  defineFlow({ id: 'waits', timeout: '30d', steps: [{ id: 'a', uses: 'tool:same', with: { n: 1 } }, { id: 'go', uses: 'signal', with: { name: 'go' }, depends_on: ['a'] }, { id: 'z', uses: 'tool:same', with: '{% steps.a.output %}', depends_on: ['go'] }] } as never),
  defineFlow({ id: 'backs', steps: [
    { id: 'a', uses: 'tool:fails', retry: { maxAttempts: 3, initialInterval: '1h' } }, { id: 'many', uses: 'tool:hangs', for_each: '[1, 2]' }, { id: 'late', uses: 'signal', with: { name: 'late' }, depends_on: ['a'] },
  ] } as never),
];

/** Opens a runtime that has all that the stored executions, messages and actors need. */
export async function openDamaged(file: string, machine: AnyStateMachine = parent): Promise<Runtime> {
  const failed = new Set<string>();
  const options: Omit<RuntimeOptions, 'store'> = {
    flows, machines: [machine], queues: [queue], isolation: false, listen: false, consolidators: { breaks: () => { throw new Error('It breaks'); } },
    remotes: { far: () => openSqliteReader({ file: join(file, '..', 'far.db') }) },
    tools: toTools({
      same: ({ input }) => input, hangs: () => forever,
      fails: () => { throw new Error('Not yet'); },
      once: ({ executionId, input }) => {
        if (failed.has(executionId)) return input;
        failed.add(executionId);
        throw new Error('Once');
      },
      asks: async ({ interaction }) => {
        await interaction({ model: 'm', prompt: 'Why?' }, () => Promise.reject(new Error('busy'))).catch(() => {});
        return 1;
      },
    }),
  } as never;
  // Whatever leaves memory leaves a checkpoint.
  return createRuntime({ ...options, store: Object.assign(openSqliteStore({ file, durability: 'process' }), { checkpoints: 'never' }) });
}

/** Makes a database with something in every column of JSON, and ends as a killed process does. @returns ids of its executions */
export async function makeDatabase(file: string): Promise<string[]> {
  const runtime = await openDamaged(file);
  const ids: string[] = [];
  const begin = async (flow: string): Promise<Execution> => {
    const execution = await runtime.start(flow, { input: { n: 1 } });
    ids.push(execution.executionId);
    return execution as Execution;
  };
  await (await begin('ends')).settled();
  await (await begin('errs')).settled();
  await (await begin('waits')).cancel();
  await begin('waits');
  await (await begin('backs')).signal('late', { early: true });
  const consumer = await runtime.consume(queue, () => { throw new Error('Bad letter'); });
  await runtime.publish(queue, { text: 'dead' });
  let dead = 0;
  await until(() => {
    void runtime.queues.stats('letters').then(([stats]) => (dead = stats?.dead ?? 0));
    return dead > 0;
  });
  await consumer.stop();
  await runtime.publish(queue, { text: 'pending' });
  await runtime.publish(queue, { text: 'x'.repeat(2_000) });
  await runtime.publish(queue, { text: 'far' }, { at: 'far' });
  const actor = await runtime.spawn(parent, { id: 'actor-1' });
  await actor.send({ type: 'other' } as never);
  await settleTicks();
  await runtime.stop({ timeoutMs: 0 });
  return ids;
}

/** What each door says: the code of an error, or of a reason that stands in what it gives. */
export type Told = Map<string, { readonly code: string | undefined; readonly text: string }>;

const codes = /"code":\s*"(store_damaged|execution_unreadable)"/;

async function ask(told: Told, door: string, open: () => unknown): Promise<void> {
  try {
    const text = JSON.stringify(await open()) ?? '';
    const found = codes.exec(text);
    told.set(door, { code: found?.[1], text });
  } catch (error) {
    const { code, message, details } = error as FlowError;
    told.set(door, { code: code ?? String((error as Error).stack), text: `${message} ${JSON.stringify(details)}` });
  }
}

async function collect<Item>(list: AsyncIterable<Item>, most: number): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of list) if (found.push(item) >= most) break;
  return found;
}

/** Opens every door of a runtime. */
export async function askRuntime(file: string, ids: readonly string[], told: Told, machine?: AnyStateMachine): Promise<void> {
  const name = machine ? 'changed' : 'runtime';
  let runtime: Runtime | undefined;
  await ask(told, `${name}: open`, async () => void (runtime = await openDamaged(file, machine)));
  if (!runtime) return;
  const open = runtime;
  const door = (what: string, work: () => unknown): Promise<void> => ask(told, `${name}: ${what}`, work);
  await settleTicks();
  await door('list', () => open.list());
  for (const [at, id] of ids.entries()) {
    await door(`get ${at}`, async () => (await open.get(id)).get({ items: true }));
    await door(`progress ${at}`, async () => (await open.get(id)).progress());
    await door(`consolidated ${at}`, () => open.consolidated(id));
    await door(`transitions ${at}`, () => collect(open.transitions(id, { after: 0 }), 3));
    await door(`interactions ${at}`, () => open.interactions.list(id));
    if (at < 3) await door(`settled ${at}`, () => open.settled(id));
    if (at < 3) await door(`retry ${at}`, () => open.retry(id, { steps: ['a'] }));
  }
  await door('signal', () => open.signal(ids[3] as string, 'go'));
  await settleTicks();
  await door('get signalled', async () => (await open.get(ids[3] as string)).get());
  await door('cancel', () => open.cancel(ids[4] as string));
  await door('feed', () => collect(open.feed({ after: 'start' }), 1));
  await door('consume', async () => void (await open.consume('letters', () => {})));
  await settleTicks();
  for (const status of ['pending', 'dead', 'completed'] as const) await door(`peek ${status}`, () => open.queues.peek('letters', { status }));
  await door('redrive', () => open.queues.redrive('letters'));
  await door('outbox', () => open.queues.outbox());
  await door('actors', () => open.actors());
  await door('actor', async () => (await open.actor('actor-1'))?.getSnapshot());
  await door('send', async () => (await open.actor('actor-1'))?.send({ type: 'next' } as never));
  await door('new execution', async () => void (await (await open.start('waits')).cancel()));
  await door('health', () => {
    const { status, error } = open.health();
    if (status !== 'running') throw error ?? new Error(status);
  });
  await open.stop({ timeoutMs: 0 });
}

/** Types every command that reads. */
export async function askProgram(file: string, ids: readonly string[], told: Told): Promise<void> {
  const type = (...argv: string[]): Promise<void> => ask(told, argv.map(word => (ids.includes(word) ? String(ids.indexOf(word)) : word)).join(' '), async () => {
    const { code, stdout, stderr } = await run([...argv, '--json', '--db', file], join(file, '..'));
    const document = JSON.parse(stdout.startsWith('{') ? stdout : '{}') as { error?: { code: string; message: string; details?: object } };
    if (document.error) throw Object.assign(new Error(document.error.message), document.error);
    if (code === 3 || stderr !== '') throw new Error(`${code} ${stdout}${stderr}`);
    return document;
  });
  await type('doctor');
  await type('list');
  await type('stats');
  for (const id of ids) {
    await type('show', id);
    await type('graph', '--execution', id);
    await type('export', id);
    await type('interactions', id);
    await type('artifacts', id);
  }
  await type('queue', 'list');
  for (const status of ['pending', 'dead']) await type('queue', 'peek', 'letters', '--status', status);
  await type('actors', 'list');
  await type('actors', 'show', 'actor-1');
}
