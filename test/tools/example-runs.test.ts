import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { projectTools } from '../../src/tools/project-tools.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { Execution, SettledExecution, StepResult } from '../../src/kinds/flows/execution-api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { makeFolder } from './call-tool.ts';

const examples = path.join(import.meta.dirname, '../../docs/examples');
const home = process.cwd();
const files = {
  'a.ts': 'export const a = 1;\n// note\n',
  'src/b.ts': 'const same = "twice, and longer than sixty-four bytes, so that it counts";\n',
  'src/c.ts': 'const same = "twice, and longer than sixty-four bytes, so that it counts";\n',
  'tool.py': '# comment\nx = 1\n',
  'package.json': JSON.stringify({ name: 'sample', dependencies: { left: '^1.0.0' } }),
};

afterEach(() => process.chdir(home));

/** Runs so many times as fast, so that no test waits for a minute to pass. */
function createFastClock(factor: number): Clock {
  const start = systemClock.now();
  return {
    now: () => start + (systemClock.now() - start) * factor,
    setTimer: (callback, delayMs) => systemClock.setTimer(callback, delayMs / factor),
    clearTimer: timer => systemClock.clearTimer(timer),
  };
}

async function begin(names: readonly string[], input: unknown, clock: Clock = systemClock): Promise<{ runtime: Runtime; execution: Execution }> {
  const flows = await Promise.all(names.map(name => loadFlow(path.join(examples, `${name}.yml`))));
  const runtime = await createRuntime({ store: createMemoryStore(), flows, tools: projectTools, clock, listen: false });
  onTestFinished(() => runtime.stop({ timeoutMs: 1_000 }));
  return { runtime, execution: await runtime.start(names[0] as string, { input }) };
}

function stepOf({ steps }: { readonly steps: readonly StepResult[] }, stepId: string): StepResult {
  const found = steps.find(step => step.stepId === stepId);
  if (!found) throw new Error(`There is no step ${stepId}`);
  return found;
}

function toStatuses({ steps }: SettledExecution): { [stepId: string]: string } {
  return Object.fromEntries(steps.map(({ stepId, status }) => [stepId, status]));
}

describe('project-report', () => {
  it('writes a report about a git checkout, whole', async () => {
    const folder = await makeFolder(files);
    execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: folder });
    execFileSync('git', ['add', '.'], { cwd: folder });
    const { execution } = await begin(['project-report'], { folder });
    const settled = await execution.settled();
    expect(settled.steps.filter(({ status }) => status !== 'completed')).toEqual([]);
    expect(settled).toMatchObject({ status: 'scored', passed: true, score: 1 });
    const report = await readFile(path.join(folder, 'project-report.md'), 'utf8');
    expect(report).toContain('| TypeScript | 3 | 3 | 1 | 0 | 60.0 % | `████████████░░░░░░░░` |');
    expect(report).toContain('src/b.ts, src/c.ts');
    expect(report).toContain('| `left` | – | – | dependencies |');
    expect(report).toContain('5 changed or new files.');
    expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/\.tmp$/));
  });

  it('leaves out what a folder does not have, and still passes', async () => {
    const folder = await makeFolder({ 'only.py': 'x = 1\n' });
    const { execution } = await begin(['project-report'], { folder, output: 'out/r.md', top: 1 });
    const settled = await execution.settled();
    expect(settled).toMatchObject({ status: 'scored', passed: true, score: 1 });
    expect(toStatuses(settled)).toMatchObject({ history: 'skipped', changes: 'skipped', markers: 'skipped', dependencies: 'skipped', report: 'completed' });
    const report = await readFile(path.join(folder, 'out/r.md'), 'utf8');
    expect(report).toContain('| Python | 1 | 1 | 0 | 0 | 100.0 % |');
    expect(report).not.toContain('## History');
  });

  it('takes an empty folder', async () => {
    const folder = await makeFolder();
    const { execution } = await begin(['project-report'], { folder });
    expect(await execution.settled()).toMatchObject({ passed: true });
  });

  it('fails at once without a folder, and writes nothing', async () => {
    const { execution } = await begin(['project-report'], { folder: '/flowstone/no/such/folder' });
    const settled = await execution.settled();
    expect(settled.passed).toBe(false);
    expect(stepOf(settled, 'scan')).toMatchObject({ status: 'failed', attempts: 1, reason: { code: 'folder_not_found' } });
    expect(stepOf(settled, 'report')).toMatchObject({ status: 'skipped' });
  });

  it('refuses to write its report outside the folder', async () => {
    const folder = await makeFolder(files);
    const { execution } = await begin(['project-report'], { folder, output: '../escaped.md' });
    const settled = await execution.settled();
    expect(stepOf(settled, 'report')).toMatchObject({ status: 'failed', attempts: 1, reason: { code: 'path_outside_folder' } });
  });
});

describe('the small examples', () => {
  it('scoring has the score that its page computes by hand', async () => {
    const { execution } = await begin(['scoring'], {});
    expect(await execution.settled()).toMatchObject({ passed: true, score: 5 / 6 });
    expect(await execution.consolidated()).toMatchObject({ earned: 5, possible: 6, notEvaluated: ['notify'] });
  });

  it('recovery is recovered by an alternative, and by a person', async () => {
    const { execution } = await begin(['recovery'], {});
    await vi.waitFor(async () => expect((await execution.get()).steps[2]).toMatchObject({ asksFor: 'pay-decision' }), { timeout: 60_000 });
    await execution.signal('pay-decision', { action: 'use', output: { paid: 'in cash' } });
    const settled = await execution.settled();
    expect(settled.steps.map(({ recovery }) => recovery)).toEqual(['alternative', undefined, 'output', undefined]);
    expect(stepOf(settled, 'result').output).toEqual({ received: 5.9, paid: 'in cash' });
  });

  it('fan-out hashes every file it chose', async () => {
    process.chdir(await makeFolder(files));
    const { execution } = await begin(['fan-out'], { count: 3 });
    const settled = await execution.settled();
    expect(settled).toMatchObject({ passed: true });
    expect(stepOf(settled, 'result').output).toMatchObject({ files: [{ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }, {}, {}], distinct: 2 });
  });

  it('retry works at the third attempt, and tries once what is hopeless', async () => {
    process.chdir(await makeFolder());
    const { execution } = await begin(['retry'], {});
    const settled = await execution.settled();
    expect(stepOf(settled, 'flaky')).toMatchObject({ status: 'completed', attempts: 3 });
    expect(stepOf(settled, 'hopeless')).toMatchObject({ status: 'failed', attempts: 1, reason: { code: 'exec_not_found' } });
    expect(stepOf(settled, 'result').output).toEqual({ workedAtAttempt: 3, hopeless: 'failed' });
    expect(settled.passed).toBe(true);
  });

  it('nested runs a flow per language', async () => {
    process.chdir(await makeFolder(files));
    const { runtime, execution } = await begin(['nested', 'count-language'], {});
    const settled = await execution.settled();
    expect(settled).toMatchObject({ passed: true });
    expect(stepOf(settled, 'result').output).toMatchObject({ languages: expect.arrayContaining([{ language: 'Python', code: 1, longest: 'tool.py' }]), code: 5 });
    expect(await runtime.list({ flowId: 'count-language' })).toHaveLength(3);
  });

  it('sleep goes on when its time has come', async () => {
    process.chdir(await makeFolder(files));
    const { execution } = await begin(['sleep'], {}, createFastClock(20));
    const settled = await execution.settled();
    expect(settled).toMatchObject({ passed: true });
    expect(settled.durationMs).toBeGreaterThanOrEqual(5_000);
    expect(stepOf(settled, 'change').output).toEqual({ files: 0, bytes: 0 });
  });

  it.each([
    [true, 'approved', ['approved-files.md']],
    [false, 'refused', []],
  ])('approval, answered with %s, ends %s', async (approved, decision, written) => {
    const folder = await makeFolder({ 'a.ts': 'x' });
    process.chdir(folder);
    const { execution } = await begin(['approval'], {});
    await vi.waitFor(async () => expect(stepOf(await execution.get(), 'approval').status).toBe('waiting'), { timeout: 60_000 });
    await execution.signal('approval', { approved, by: 'Ada' });
    const settled = await execution.settled();
    expect(stepOf(settled, 'decision').output).toMatchObject({ decision });
    expect((await readdir(folder)).filter(file => file.endsWith('.md'))).toEqual(written);
  });

  it('approval ends without an answer after its timeout', async () => {
    process.chdir(await makeFolder({ 'a.ts': 'x' }));
    const { execution } = await begin(['approval'], {}, createFastClock(200));
    const settled = await execution.settled();
    expect(stepOf(settled, 'approval').status).toBe('failed');
    expect(stepOf(settled, 'decision').output).toMatchObject({ decision: 'no answer in time', file: null });
  });
});
