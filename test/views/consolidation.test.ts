import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createFolder, run } from './program-harness.ts';

let folder: ReturnType<typeof createFolder>;
beforeEach(() => void (folder = createFolder()));
afterEach(() => folder.remove());

const flow = `id: judged
min_score: 0.9
consolidation: { uses: mine }
steps:
  - { id: good, uses: tool:value.make, weight: 3 }
  - { id: bad, uses: tool:missing.folder, critical: false }
  - { id: never, uses: tool:value.make, when: false }
`;

async function play(text: string, score: () => { readonly score: number }): Promise<string> {
  writeFileSync(join(folder.path, 'flow.yml'), text);
  const runtime = await createRuntime({
    store: openSqliteStore({ file: join(folder.path, 'flows.db') }), listen: false, consolidators: { mine: score }, flows: [await loadFlow(join(folder.path, 'flow.yml'))],
    tools: [{ name: 'missing.folder', run: () => { throw Object.assign(new Error('no folder'), { retryable: false }); } }],
  });
  const execution = await runtime.start('judged');
  await execution.settled();
  await runtime.stop();
  return execution.executionId;
}

describe('show', () => {
  it('tells the id of the session, the score and what it was made of', async () => {
    const id = await play(flow.replace('consolidation: { uses: mine }\n', ''), () => ({ score: 1 }));
    const { stdout } = await run(['show', id, '--db', 'flows.db'], folder.path);
    expect(stdout).toContain('0.75: 3 of 4 by weight; not evaluated: never; at least 0.9 to pass');
    expect(stdout).toContain(`${id}_consolidated_1`);
    const { stdout: json } = await run(['show', id, '--json', '--db', 'flows.db'], folder.path);
    expect(JSON.parse(json)).toMatchObject({ consolidatedSessionId: `${id}_consolidated_1`, consolidation: { score: 0.75, earned: 3, possible: 4, notEvaluated: ['never'], passed: false, error: null } });
  });

  it('tells why an execution could not be consolidated', async () => {
    const id = await play(flow, () => { throw Object.assign(new Error('the oracle is silent'), { code: 'oracle_silent' }); });
    const { stdout } = await run(['show', id, '--db', 'flows.db'], folder.path);
    expect(stdout).toMatch(/not consolidated \(failed\) +oracle_silent: the oracle is silent/);
    expect(stdout).toContain('judged did not pass: scored, score 0');
    const { stdout: json } = await run(['show', id, '--json', '--db', 'flows.db'], folder.path);
    expect(JSON.parse(json)).toMatchObject({ score: 0, consolidationError: { code: 'oracle_silent' } });
  });

  it('tells how steps were recovered, and what one asks for', async () => {
    writeFileSync(join(folder.path, 'ask.yml'), 'id: ask\nsteps:\n  - { id: a, uses: tool:broken, recover: { alternative: b } }\n  - { id: b, uses: tool:value.make, with: { made: by b } }\n  - { id: c, uses: tool:broken, depends_on: [a], recover: { ask: { signal: "what now" } } }\n');
    const runtime = await createRuntime({
      store: openSqliteStore({ file: join(folder.path, 'flows.db') }), listen: false, flows: [await loadFlow(join(folder.path, 'ask.yml'))], tools: [{ name: 'broken', run: () => { throw Object.assign(new Error('broken'), { retryable: false }); } }],
    });
    const execution = await runtime.start('ask');
    while ((await execution.get()).steps[2]?.status !== 'waiting') await new Promise(resolve => setImmediate(resolve));
    await runtime.stop();
    const { stdout } = await run(['show', execution.executionId, '--db', 'flows.db'], folder.path);
    expect(stdout).toContain('(from its alternative) {"made":"by b"}');
    expect(stdout).toContain('c asks what to do');
    expect(stdout).toContain('what now');
    const { stdout: list } = await run(['list', '--db', 'flows.db'], folder.path);
    expect(list).toContain('c asks what to do');
    const { stdout: chart } = await run(['graph', 'ask.yml'], folder.path);
    expect(chart).toContain('s_a -.->|if it fails| s_b');
  });
});
