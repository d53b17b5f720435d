import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario } from '../stage.ts';

const echo = ({ input }: { readonly input: unknown }): unknown => input;
const fails = (): Promise<never> => Promise.reject(Object.assign(new Error('closed'), { code: 'closed' }));
const fixed = { jitter: 'none' } as const;

export const recovery: Readonly<Record<string, Scenario>> = {
  'another step stands in for one that has failed': async stage => {
    const flow: FlowSource = {
      id: 'alternative',
      steps: [
        { id: 'swap', uses: 'tool:fails', retry: { maxAttempts: 2, initialInterval: '1s', ...fixed }, recover: { retry: { maxAttempts: 1, initialInterval: '1m', ...fixed }, alternative: 'slowly' } },
        { id: 'slowly', uses: 'tool:echo', with: { received: 5.9 } }, { id: 'fine', uses: 'tool:echo', recover: { alternative: 'unneeded' } }, { id: 'unneeded', uses: 'tool:echo' },
        { id: 'hopeless', uses: 'tool:fails', critical: false, recover: { alternative: 'also' } }, { id: 'also', uses: 'tool:fails' },
        { id: 'after', uses: 'tool:echo', with: '{% steps.swap.output %}', depends_on: ['swap'] },
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo, fails } });
    const execution = await runtime.start('alternative');
    await stage.advance(1_000);
    stage.record('recovering', await execution.get());
    await stage.advance(60_000);
    await execution.settled();
    await stage.examine('end', runtime, execution);
    await stage.survey('end', runtime);
  },

  'a person decides about a failed step': async stage => {
    const answers = { retry: { action: 'retry' }, skip: { action: 'skip', reason: 'not needed' }, use: { action: 'use', output: { paid: 'in cash' } }, fail: { action: 'fail' } };
    const flow: FlowSource = {
      id: 'ask', mode: 'lenient',
      steps: [
        ...Object.keys(answers).map(id => ({ id, uses: 'tool:once', recover: { ask: {} } })), { id: 'named', uses: 'tool:fails', recover: { ask: { signal: 'decide', timeout: '1m' } } },
        { id: 'after', uses: 'tool:echo', with: '{% steps.use.output %}', depends_on: ['use', 'skip'] },
      ],
    };
    const calls: Record<string, number> = {};
    const once = ({ stepId }: { readonly stepId: string }): unknown => ((calls[stepId] = (calls[stepId] ?? 0) + 1) > 1 ? 'at last' : fails());
    const runtime = await stage.open({ flows: [flow], handlers: { echo, fails, once } });
    const execution = await runtime.start('ask');
    await stage.rest();
    stage.record('asks', await execution.get());
    await stage.refusal('no answer', () => execution.signal('recover.retry', { action: 'dance' }));
    await stage.refusal('no object', () => execution.signal('recover.retry', 'yes'));
    for (const [id, answer] of Object.entries(answers)) {
      await execution.signal(`recover.${id}`, answer);
      await stage.rest();
    }
    await stage.rest();
    stage.record('answered', await execution.get());
    await stage.advance(60_000);
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'runs cut off by crashes are counted, and end': async stage => {
    const flow: FlowSource = { id: 'poison', steps: [{ id: 'a', uses: 'tool:hangs', recover: { alternative: 'b' } }, { id: 'b', uses: 'tool:echo', with: 'instead' }, { id: 'c', uses: 'tool:hangs', critical: false }] };
    const open = async (): Promise<Awaited<ReturnType<typeof stage.open>>> => stage.open({ flows: [flow], handlers: { echo, hangs: () => new Promise(() => {}) }, store: 'file', maxInterruptions: 2 });
    let runtime = await open();
    const { executionId } = await runtime.start('poison');
    await stage.rest();
    for (let life = 0; life < 2; life++) {
      stage.crash();
      runtime = await open();
      await stage.rest();
      stage.record(`life ${life}`, await (await runtime.get(executionId)).get());
    }
    await runtime.settled(executionId);
    await stage.examine('end', runtime, { executionId });
    await stage.survey('end', runtime);
  },

  'what is not recovered waits until it is resumed': async stage => {
    const flow: FlowSource = { id: 'waits', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }, { id: 'after', uses: 'tool:echo', depends_on: ['go'] }] };
    const handlers = { echo };
    const first = await stage.open({ flows: [flow], handlers, store: 'file' });
    const one = await first.start('waits');
    const two = await first.start('waits', { labels: { which: 'two' } });
    await stage.rest();
    stage.crash();
    const second = await stage.open({ flows: [flow], handlers, store: 'file', recover: ({ executionId }) => executionId === one.executionId });
    await stage.rest();
    await stage.survey('second', second);
    await second.signal(one.executionId, 'go', 1);
    await second.settled(one.executionId);
    await stage.refusal('settled', () => second.resume(one.executionId));
    await second.resume(two.executionId);
    await second.signal(two.executionId, 'go', 2);
    await second.settled(two.executionId);
    await stage.refusal('once more', () => second.resume(two.executionId));
    await stage.examine('one', second, one);
    await stage.examine('two', second, two);
  },

  'an execution whose tool is missing waits for it': async stage => {
    const flow: FlowSource = { id: 'missing', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }, { id: 'after', uses: 'tool:echo', depends_on: ['go'] }] };
    const first = await stage.open({ flows: [flow], handlers: { echo }, store: 'file' });
    const { executionId } = await first.start('missing');
    await stage.rest();
    await first.stop();
    stage.crash();
    const second = await stage.open({ flows: [flow], store: 'file' });
    await second.signal(executionId, 'go');
    await stage.survey('blocked', second);
    stage.record('blocked', await (await second.get(executionId)).get());
    await second.stop();
    stage.crash();
    const third = await stage.open({ handlers: { echo }, store: 'file' });
    await third.settled(executionId);
    await stage.examine('end', third, { executionId });
  },

  'a stop gives attempts back': async stage => {
    const flow: FlowSource = { id: 'stopped', steps: [{ id: 'a', uses: 'tool:waits', retry: { maxAttempts: 2, ...fixed } }, { id: 'b', uses: 'tool:echo', depends_on: ['a'] }] };
    let isFirst = true;
    const handlers = { echo, waits: ({ signal }: { readonly signal: AbortSignal }): unknown => (isFirst ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) : 'done') };
    const first = await stage.open({ flows: [flow], handlers, store: 'file' });
    const { executionId } = await first.start('stopped');
    await stage.rest();
    let hasStopped = false;
    const stopped = first.stop({ timeoutMs: 5 }).then(() => (hasStopped = true));
    await stage.until(() => (stage.clock.advance(hasStopped ? 0 : 1), hasStopped));
    await stopped;
    stage.record('health', first.health().status);
    await stage.refusal('after it', () => first.start('stopped'));
    isFirst = false;
    stage.crash();
    const second = await stage.open({ flows: [flow], handlers, store: 'file' });
    await second.settled(executionId);
    const { steps } = await (await second.get(executionId)).get();
    stage.record('steps', steps.map(({ stepId, status, attempts, interruptions, output }) => [stepId, status, attempts, interruptions, output]));
    stage.record('calls', stage.calls);
  },
};
