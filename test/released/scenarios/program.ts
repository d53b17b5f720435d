import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario, Stage } from '../stage.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/reev');
const examples = join(import.meta.dirname, '../../../docs/examples');
const echo = ({ input }: { readonly input: unknown }): unknown => input;

const flow: FlowSource = {
  id: 'shown', version: '2', min_score: 0.1,
  steps: [
    { id: 'make', uses: 'tool:echo', with: { name: '{% input.name %}' }, artifacts: [{ name: 'made.json', from: 'output' }] }, { id: 'each', uses: 'tool:echo', for_each: [1, 2], depends_on: ['make'] },
    { id: 'bad', uses: 'tool:fails', critical: false, retry: { maxAttempts: 2, initialInterval: 0, jitter: 'none' } }, { id: 'left', uses: 'tool:echo', when: false },
    { id: 'go', uses: 'signal', with: { name: 'go' }, when: 'input.ask = true', depends_on: ['each', 'bad'] },
  ],
};

/** Fills a database, and closes it. */
async function fill(stage: Stage): Promise<readonly string[]> {
  const runtime = await stage.open({ flows: [flow], handlers: { echo, fails: () => Promise.reject(new Error('broken')) }, queues: [stage.version.flowstone.defineQueue({ name: 'jobs', maxAttempts: 2, backoff: { jitter: 'none' } })], store: 'file' });
  const one = await runtime.start('shown', { input: { name: 'Ann' }, labels: { agent: 'ann' } });
  await stage.advance(1);
  await one.settled();
  stage.clock.advance(60_000);
  const two = await runtime.start('shown', { input: { name: 'Bob', ask: true }, labels: { agent: 'bob' } });
  await stage.advance(1);
  await one.retry({ step: 'each' });
  await one.settled();
  await runtime.publishMany<unknown>('jobs', [{ payload: 1 }, { payload: { two: 2 }, priority: 'high' }]);
  const consumer = await runtime.consume('jobs', ({ payload }) => {
    if (payload === 1) throw new Error('no');
  });
  for (let round = 0; round < 3; round++) await stage.advance(200_000);
  await consumer.stop();
  await runtime.stop();
  return [one.executionId, two.executionId];
}

export const program: Readonly<Record<string, Scenario>> = {
  'the program shows what is stored': async stage => {
    const [one = '', two = ''] = await fill(stage);
    await stage.run('list', 'list');
    await stage.run('unfinished', 'list', '--status', 'unfinished', '--label', 'agent=bob');
    await stage.run('show', 'show', one, '--history', '--items');
    await stage.run('first life', 'show', one, '--generation', '1');
    await stage.run('waiting', 'show', two);
    for (const format of ['json', 'jsonl', 'mermaid']) await stage.run(`export ${format}`, 'export', one, '--format', format);
    for (const type of ['flowchart', 'state', 'tree']) await stage.run(`graph ${type}`, 'graph', '--execution', one, '--type', type);
    await stage.run('artifacts', 'artifacts', one, '--versions');
    await stage.run('artifact', 'artifacts', one, 'made.json');
    await stage.run('interactions', 'interactions', one);
    for (const by of ['agent', 'flow']) await stage.run(`stats ${by}`, 'stats', '--by', by);
    await stage.run('nobody', 'show', 'ffffffff');
    await stage.run('no command', 'shew');
  },

  'the program signals and cancels': async stage => {
    const [one = '', two = ''] = await fill(stage);
    await stage.run('signal', 'signal', two, 'go', '{"by":"me"}');
    await stage.run('signalled', 'show', two, '--history');
    await stage.run('settled', 'signal', one, 'go');
    await stage.run('cancel', 'cancel', two, '--message', 'enough');
    await stage.run('again', 'cancel', two);
    await stage.run('cancelled', 'show', two);
  },

  'the program looks after queues': async stage => {
    await fill(stage);
    for (const action of ['list', 'stats']) await stage.run(action, 'queue', action);
    for (const action of ['peek', 'dead']) await stage.run(action, 'queue', action, 'jobs');
    await stage.run('completed', 'queue', 'peek', 'jobs', '--status', 'completed');
    await stage.run('redrive', 'queue', 'redrive', 'jobs');
    await stage.run('after', 'queue', 'peek', 'jobs');
    await stage.run('purge', 'queue', 'purge', 'jobs', '--status', 'completed');
    await stage.run('end', 'queue', 'list');
  },

  'reports are pages': async stage => {
    const [one = '', two = ''] = await fill(stage);
    const reader = stage.version.sqlite.openSqliteReader({ file: stage.database });
    for (const [name, id] of [['one', one], ['two', two]] as const) {
      let page = '';
      for await (const piece of stage.version.report.renderReport(reader, id, { now: stage.clock.now() })) page += piece;
      stage.record(name, page.split('\n'));
    }
    reader.close();
  },

  'the journal leads to what is stored': async stage => {
    const [one = '', two = ''] = await fill(stage);
    const reader = stage.version.sqlite.openSqliteReader({ file: stage.database });
    for (const id of [one, two]) stage.record(id === one ? 'one' : 'two', (await stage.version.testing.replayJournal(reader, id)).mismatches);
    reader.close();
  },

  'runs of the predecessor are imported': async stage => {
    const logs = join(fixtures, 'logs');
    for (const name of readdirSync(logs)) if (name.endsWith('.jsonl') || name.endsWith('.json')) copyFileSync(join(logs, name), join(stage.folder, name));
    const files = readdirSync(stage.folder).filter(name => name.endsWith('.jsonl') || name.endsWith('.json'));
    await stage.run('import', 'import', ...files);
    await stage.run('again', 'import', ...files);
    await stage.run('list', 'list');
    await stage.run('stats', 'stats');
    for (const id of ['974b44e5-8346-47ed-9da7-916f0836696f', '057d2e4a-f687-469f-8885-ad57759817c0']) {
      await stage.run(`show ${id}`, 'show', id, '--history');
      await stage.run(`export ${id}`, 'export', id);
    }
  },

  'benchmark files become flows': async stage => {
    const folder = join(fixtures, 'benchmarks');
    for (const name of readdirSync(folder).filter(file => /^(?:00[13]|116|200|30[05])/.test(file))) {
      await stage.refusal(name, async () => {
        const { definition, doubts } = await stage.version.reev.loadBenchmark(join(folder, name), { plan: ({ prompt }) => ({ steps: [{ id: 'one', uses: 'tool:benchmark_agent', with: { prompt } }] }) });
        return JSON.parse(JSON.stringify({ definition, doubts }).replaceAll(folder, '<benchmarks>')) as unknown;
      });
    }
  },

  'folders of definitions are taken over': async stage => {
    const folder = join(stage.folder, 'flows');
    mkdirSync(folder);
    for (const name of ['approval.yml', 'fan-out.yml', 'sleep.yml', 'recovery.yml']) copyFileSync(join(examples, name), join(folder, name));
    writeFileSync(join(folder, 'broken.yml'), 'id: broken\nsteps:\n  - { id: a, uses: tool:x, depends_on: [b] }\n  - { id: a, uzes: nothing }\n');
    await stage.run('sync', 'sync', 'flows');
    writeFileSync(join(folder, 'sleep.yml'), 'id: sleep\nsteps:\n  - { id: a, uses: sleep, with: { for: 1s } }\n');
    await stage.run('again', 'sync', 'flows');
    await stage.run('check', 'check', ...readdirSync(folder).map(name => join('flows', name)));
    for (const type of ['flowchart', 'state', 'tree']) await stage.run(`graph ${type}`, 'graph', 'flows/recovery.yml', '--type', type);
    for (const machine of ['orchestrator', 'flow', 'step', 'fanOut', 'interaction', 'message', 'consumer']) await stage.run(`machine ${machine}`, 'graph', '--machine', machine);
  },

  'the ways of a flow are listed and taken': async stage => {
    writeFileSync(join(stage.folder, 'ways.yml'), 'id: ways\nsteps:\n  - { id: a, uses: tool:x, retry: { maxAttempts: 2, initialInterval: 1s, jitter: none }, timeout: 5s }\n  - { id: b, uses: signal, with: { name: go }, depends_on: [a], when: input.ask = true }\n');
    await stage.run('paths', 'paths', 'ways.yml');
    await stage.run('tests', 'paths', 'ways.yml', '--emit', 'vitest');
    await stage.run('mermaid', 'paths', 'ways.yml', '--emit', 'mermaid');
    const { testing, flowstone } = stage.version;
    const { commits: _commits, durationMs: _duration, ...report } = (await testing.testFlow(flowstone.defineFlow(flow))) as never as Record<string, unknown>;
    stage.record('report', report);
  },

  'what an inspector hears of a flow': async stage => {
    const heard: unknown[] = [];
    const runtime = await stage.open({
      flows: [flow], handlers: { echo, fails: () => Promise.reject(new Error('broken')) },
      inspect: event => void heard.push([event.type, (event.actorRef as { id?: string }).id, 'event' in event ? event.event.type : null, 'snapshot' in event ? [event.snapshot.status, (event.snapshot as { value?: unknown }).value] : null]),
    });
    const execution = await runtime.start('shown', { input: { name: 'Ann' } });
    await stage.advance(1);
    await execution.settled();
    stage.record('heard', heard);
  },
};
