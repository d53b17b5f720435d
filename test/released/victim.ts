/* Runs a script on a database and kills its process in the middle: victim.ts SCRIPT INDEX SQLITE DATABASE. */
import { pathToFileURL } from 'node:url';
import { createMachine } from 'xstate';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Version } from './version.ts';

export const flow: FlowSource = {
  id: 'parent',
  steps: [
    { id: 'list', uses: 'tool:work', for_each: [1, 2, 3], concurrency: 1 },
    { id: 'child', uses: 'flow:child', with: { n: 2 }, depends_on: ['list'] },
    { id: 'slow', uses: 'tool:slow', with: 'slow', depends_on: ['child'] },
    { id: 'after', uses: 'tool:work', with: '{% steps.child.output.outputs %}', depends_on: ['slow'] },
  ],
};

export const child: FlowSource = { id: 'child', steps: [{ id: 'a', uses: 'tool:work', with: '{% input %}' }] };

export const machine = createMachine({ id: 'two', version: '1', context: { kept: [1, { deep: true }] }, initial: 'a', states: { a: { on: { go: 'b' } }, b: { on: { go: 'c' } }, c: {} } });

const die = (): unknown => process.kill(process.pid, 'SIGKILL');
const nextTurn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve));

type Script = (door: Version['flowstone'], store: ReturnType<Version['sqlite']['openSqliteStore']>) => Promise<unknown>;

const scripts: Readonly<Record<string, Script>> = {
  async flow({ createRuntime, defineFlow }, store) {
    const tools = [{ name: 'work', run: ({ input }: { readonly input: unknown }) => input }, { name: 'slow', run: die }];
    const runtime = await createRuntime({ store, flows: [defineFlow(flow), defineFlow(child)], tools: tools as never, listen: false });
    return (await runtime.start('parent')).settled();
  },

  async rest({ createRuntime, defineQueue }, store) {
    const runtime = await createRuntime({ store, machines: [machine], queues: [defineQueue({ name: 'jobs' })], listen: false });
    const actor = await runtime.spawn(machine, { id: 'a' });
    await actor.send({ type: 'go' });
    await runtime.publish('jobs', 'done');
    await runtime.consume('jobs', ({ payload }) => (payload === 'done' ? undefined : die()));
    while ((await runtime.queues.peek('jobs', { status: 'completed' })).length === 0) await nextTurn();
    await runtime.publishMany('jobs', [{ payload: 'first' }, { payload: 'second' }]);
    for (;;) await nextTurn();
  },
};

const [, program = '', script = '', index = '', sqlite = '', file = ''] = process.argv;
if (program === import.meta.filename) {
  const { openSqliteStore } = (await import(pathToFileURL(sqlite).href)) as Version['sqlite'];
  await scripts[script]?.((await import(pathToFileURL(index).href)) as Version['flowstone'], openSqliteStore({ file, durability: 'process' }));
}
