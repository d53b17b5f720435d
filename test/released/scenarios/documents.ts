import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Handlers, Scenario } from '../stage.ts';

const echo = ({ input }: { readonly input: unknown }): unknown => input;
const models = ['large-1', { model: 'small-1', attempts: 2, timeout: '30s' }] as const;

export const documents: Readonly<Record<string, Scenario>> = {
  'steps make documents, and others read them': async stage => {
    const flow: FlowSource = {
      id: 'plan', output_dir: join(stage.folder, 'out'),
      steps: [
        { id: 'draft', uses: 'tool:echo', with: { text: '# Draft', n: 1 }, artifacts: [{ name: 'raw/draft.json', kind: 'raw', from: 'output' }, { name: 'draft.md', from: 'output.text', file: 'pages/draft.md' }, { name: 'kept.txt', from: 'output.text', file: false }] },
        { id: 'each', uses: 'tool:echo', for_each: ['a', 'b'], artifacts: [{ name: 'items/{% item %}-{% index %}.txt', from: 'output' }] },
        { id: 'make', uses: 'tool:make', depends_on: ['draft'] },
        { id: 'review', uses: 'tool:echo', with: { text: '{% steps.draft.artifacts.`draft.md` %}', made: '{% steps.make.artifacts.`notes/first.md` %}', raw: '{% steps.draft.artifacts.`raw/draft.json`.n %}' }, depends_on: ['make'] },
        { id: 'binary', uses: 'tool:echo', with: 'AAEC/w==', artifacts: [{ name: 'b.bin', kind: 'binary', from: 'output' }] },
      ],
    };
    const runtime = await stage.open({
      flows: [flow], store: 'file',
      handlers: {
        echo,
        make: async ({ artifact, artifacts, readArtifact }) => {
          const first = await artifact('notes/first.md', '# One\n');
          const second = await artifact('notes/first.md', '# Two\n', { contentType: 'text/plain' });
          await artifact('stream.txt', (async function* stream() { yield new TextEncoder().encode('piece '); yield new TextEncoder().encode('by piece'); })());
          return { versions: [first.version, second.version], upstream: (await artifacts({ upstream: true })).map(({ name }) => name), text: await (await readArtifact('draft.md')).text() };
        },
      },
    });
    const execution = await runtime.start('plan');
    await execution.settled();
    await stage.rest();
    await stage.examine('end', runtime, execution);
    stage.record('page', await runtime.artifacts.list(execution.executionId, { limit: 2, after: 'draft.md' } as never));
    stage.record('written', await runtime.artifacts.writeFiles(execution.executionId, join(stage.folder, 'again')));
    stage.record('files', ['out/pages/draft.md', 'out/raw/draft.json', 'out/kept.txt', 'again/notes/first.md'].map(name => (existsSync(join(stage.folder, name)) ? readFileSync(join(stage.folder, name), 'utf8') : null)));
    await stage.refusal('no such', () => runtime.artifacts.get(execution.executionId, 'nothing.md'));
    await stage.refusal('no version', () => runtime.artifacts.get(execution.executionId, 'draft.md', { version: 9 }));
  },

  'documents that cannot be are refused': async stage => {
    const names = ['../up.txt', '/root.txt', 'a\u0000b', 'con', 'fine.txt', ''];
    const flow: FlowSource = { id: 'refused', mode: 'lenient', steps: [...names.map((name, index) => ({ id: `s${index}`, uses: 'tool:make', with: name })), { id: 'large', uses: 'tool:large' }, { id: 'from', uses: 'tool:echo', artifacts: [{ name: 'x.txt', from: 'output.nothing' }] }] };
    const runtime = await stage.open({ flows: [flow], maxArtifactBytes: 100, handlers: { echo, make: async ({ artifact, input }) => (await artifact(input as string, 'text')).name, large: async ({ artifact }) => artifact('large.txt', 'x'.repeat(101)) } });
    const execution = await runtime.start('refused');
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'documents of attempts, crashes and generations have versions': async stage => {
    let life = 0;
    const flow: FlowSource = { id: 'versions', steps: [{ id: 'first', uses: 'tool:fails', retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' } }, { id: 'second', uses: 'tool:cut', depends_on: ['first'] }] };
    const handlers: Handlers = {
      fails: async ({ artifact, attempt }) => {
        await artifact('first.txt', `of attempt ${attempt}`);
        if (attempt === 1) throw new Error('once');
        return attempt;
      },
      cut: async ({ artifact }) => {
        await artifact('same.txt', 'the same');
        await artifact('other.txt', `of life ${life}`);
        if (life === 0) await artifact('only.txt', 'only the first');
        return life === 0 ? new Promise(() => {}) : 'done';
      },
    };
    const first = await stage.open({ flows: [flow], handlers, store: 'file' });
    const { executionId } = await first.start('versions');
    await stage.advance(1_000);
    await stage.until(async () => (await first.artifacts.list(executionId)).length === 4);
    await stage.examine('cut off', first, { executionId });
    stage.crash();
    life = 1;
    const second = await stage.open({ flows: [flow], handlers, store: 'file' });
    await second.settled(executionId);
    await stage.examine('one', second, { executionId });
    life = 2;
    await second.retry(executionId, { step: 'second' });
    await second.settled(executionId);
    await stage.examine('two', second, { executionId });
  },

  'calls of models are recorded, whatever comes of them': async stage => {
    const flow: FlowSource = { id: 'calls', mode: 'lenient', steps: [...['complete', 'throws', 'handles', 'forgets'].map(id => ({ id, uses: `tool:${id}` })), { id: 'hangs', uses: 'tool:hangs', timeout: '5s' }] };
    const request = (prompt: unknown, more = {}): never => ({ model: 'large-1', prompt, ...more }) as never;
    const runtime = await stage.open({
      flows: [flow], secrets: ['swordfish'],
      handlers: {
        complete: async ({ interaction }) => (await interaction(request('Name three risks, swordfish', { stage: 'risks' }), async () => ({ response: 'one, sk-abcdefghijklmnopqrstuvwxyz012345', inputTokens: 5, outputTokens: 40, cost: 0.002 }))).response,
        throws: ({ interaction }) => interaction(request({ a: ['json'] }), () => Promise.reject(Object.assign(new Error('overloaded'), { code: 'overloaded' }))),
        handles: async ({ interaction }) => {
          const calls = [await interaction(request('one')), await interaction(request('two')), await interaction(request('three'))] as const;
          await calls[0].complete({ response: 'yes', totalTokens: 7 });
          await calls[1].fail(new Error('no'));
          await calls[2].cancel('not needed');
          await calls[0].fail(new Error('too late'));
          return 'handled';
        },
        forgets: async ({ interaction }) => void (await interaction(request('forgotten'))),
        hangs: ({ interaction }) => interaction(request('slow'), () => new Promise<never>(() => {})),
      },
    });
    const execution = await runtime.start('calls');
    await stage.rest();
    stage.record('pending', await runtime.interactions.list(execution.executionId));
    await stage.advance(5_000);
    await execution.settled();
    await stage.examine('end', runtime, execution);
    stage.record('page', await runtime.interactions.list(execution.executionId, { stepId: 'handles', limit: 2 }));
  },

  'models are asked one after the other': async stage => {
    const client = stage.version.testing.scriptedModels({ 'large-1': [new Error('overloaded'), 'Three risks'], 'small-1': ({ prompt }) => `You asked: ${prompt}`, 'broken-1': () => Promise.reject(new Error('broken')) });
    const flow: FlowSource = {
      id: 'models', mode: 'lenient', models: [...models],
      steps: [
        { id: 'falls', uses: 'tool:ask' }, { id: 'first', uses: 'tool:ask', depends_on: ['falls'] },
        { id: 'none', uses: 'tool:ask', models: ['broken-1'], retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' }, depends_on: ['first'] },
      ],
    };
    const runtime = await stage.open({ flows: [flow], models: client, handlers: { ask: async ({ generate, stepId }) => generate({ prompt: `Name three risks of ${stepId}`, system: 'Answer in one line', stage: 'risks' }) } });
    const execution = await runtime.start('models');
    await stage.advance(1_000);
    await execution.settled();
    stage.record('requests', client.requests.map(({ signal: _signal, ...request }) => request));
    await stage.examine('end', runtime, execution);
  },

  'a call cut off by a crash is not left open': async stage => {
    let life = 0;
    const flow: FlowSource = { id: 'cut', steps: [{ id: 'a', uses: 'tool:ask' }] };
    const handlers: Handlers = { ask: ({ interaction }) => interaction({ model: 'm', prompt: `life ${life}` }, () => (life === 0 ? new Promise<never>(() => {}) : Promise.resolve({ response: 'yes' }))) };
    const first = await stage.open({ flows: [flow], handlers, store: 'file' });
    const { executionId } = await first.start('cut');
    await stage.rest();
    stage.crash();
    life = 1;
    const second = await stage.open({ flows: [flow], handlers, store: 'file' });
    await second.settled(executionId);
    await stage.examine('end', second, { executionId });
  },
};
