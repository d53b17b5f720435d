import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFolder, killAll, run, start } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => {
  killAll();
  folder.remove();
});
const db = ['--db', 'progress.db'];
writeFileSync(join(cwd, 'flow.yml'), `id: slow
steps:
  - { id: quick, uses: "tool:quick", expected_duration: 1s }
  - { id: approve, uses: signal, depends_on: [quick], with: { name: go }, expected_duration: 1h }
  - { id: late, uses: "tool:quick", depends_on: [approve], expected_duration: 1s }
`);
writeFileSync(join(cwd, 'tools.mjs'), 'export const quick = () => 1;\n');

describe('progress, on the command line', () => {
  it('is shown while an execution runs, by the work and not by the steps', async () => {
    const child = start(['run', 'flow.yml', '--tools', 'tools.mjs', ...db], cwd);
    await child.saw('waiting');
    const [execution] = JSON.parse((await run(['list', '--json', ...db], cwd)).stdout).executions;
    expect(execution.progress).toMatchObject({ settledSteps: 1, totalSteps: 3, stalled: [] });
    // A third of the steps, and next to nothing of the work.
    expect(execution.progress.share).toBeGreaterThan(0);
    expect(execution.progress.share).toBeLessThan(0.05);
    // How long a person takes is nobody's guess.
    expect(execution.progress.remainingMs).toBeNull();
    expect((await run(['list', ...db], cwd)).stdout).toMatch(/stepping .* 0 %/);
    expect((await run(['show', execution.executionId, ...db], cwd)).stdout).toMatch(/slow is stepping: 1 of 3 steps completed, 0 %/);
    const tree = await run(['show', execution.executionId, '--tree', ...db], cwd);
    expect(tree.stdout).toMatch(/ ✔ quick +completed +\d+ms\n ◷ approve +waiting\n ○ late +pending\n/);
    expect(tree.stdout).not.toContain('\u001B');
    const drawn = JSON.parse((await run(['graph', '--execution', execution.executionId, '--type', 'tree', '--json', ...db], cwd)).stdout);
    expect(drawn).toEqual({ flowId: 'slow', tree: expect.stringContaining('◷ approve') });
    await run(['signal', execution.executionId, 'go', ...db], cwd);
    expect((await child.ended).code).toBe(0);
    expect(JSON.parse((await run(['show', execution.executionId, '--json', ...db], cwd)).stdout)).not.toHaveProperty('progress');
  });

  it('draws a flow as a tree', async () => {
    expect((await run(['graph', 'flow.yml', '--type', 'tree'], cwd)).stdout).toBe(' ● quick    tool:quick\n ● approve  signal\n ● late     tool:quick\n');
    const { code, stderr } = await run(['graph', 'flow.yml', '--type', 'three'], cwd);
    expect([code, stderr]).toEqual([2, expect.stringContaining('did you mean `tree`?')]);
  });
});
