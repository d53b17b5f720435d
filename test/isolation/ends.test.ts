import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FlowSource } from '../../src/definition/schema.ts';
import { OwnerFiles } from '../../persistence/files/owner-file.ts';
import { isProcessAlive } from '../../persistence/files/process-identity.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { owner } from '../persistence/conformance/fixtures.ts';
import type { Place } from './open-isolated.ts';
import { expectLawful, expectTakenIn, makePlace, openIsolated, readLines } from './open-isolated.ts';
import { until } from '../kit/until.ts';

const first = { id: 'first', uses: 'tool:work', with: { size: 5 } } as const;
const flow = (uses: string, value: { readonly [key: string]: string | number } = {}, more: Partial<FlowSource> = {}): FlowSource => ({
  id: 'flow', flow_type: 'static', ...more, steps: [first, { id: 'second', uses, with: value, depends_on: ['first'] }, { id: 'third', uses: 'tool:who', depends_on: ['second'] }],
});

const isAlive = ({ processes }: Place, executionId: string): boolean => {
  const file = new OwnerFiles(join(processes, executionId)).findLast()?.file;
  return file !== undefined && isProcessAlive(file.process);
};

describe('a process that ends before its flow does', () => {
  it.each([
    ['is killed', { uses: 'tool:die', with: {} }, /ended by SIGKILL/],
    ['exits', { uses: 'tool:die', with: { code: 7 } }, /exit code 7/],
  ] as const)('fails the execution when it %s, with everything that it had done', async (_how, { uses, with: value }, message) => {
    const place = makePlace();
    const runtime = await openIsolated(place, [flow(uses, value)]);
    const { executionId, status, score, passed, failure, steps } = await (await runtime.start('flow')).settled();
    expect({ status, score, passed }).toEqual({ status: 'failed', score: 0, passed: false });
    expect(failure).toMatchObject({ code: 'process_died', message: expect.stringMatching(message) });
    expect(steps.map(step => step.status)).toEqual(['completed', 'cancelled', 'cancelled']);
    expect(steps[0]?.output).toMatchObject({ text: 'xxxxx' });
    await runtime.stop();
    await expectLawful(place, executionId);
  });

  it('says why when it knows: a tool that its module lacks', async () => {
    const place = makePlace();
    const runtime = await openIsolated(place, [flow('tool:nowhere')]);
    const { failure, steps } = await (await runtime.start('flow')).settled();
    expect(failure).toMatchObject({ code: 'process_died', details: { error: { code: 'tool_unknown' } } });
    expect(steps.map(step => step.status)).toEqual(['pending', 'pending', 'pending']);
  });
});

describe('a process that hangs', () => {
  it('is killed when its time is over, and fails its execution', async () => {
    // On a busy machine the time may be over before the process gets to the step that hangs.
    for (let timeoutMs = 2_500; ; timeoutMs *= 2) {
      const place = makePlace();
      const runtime = await openIsolated(place, [flow('tool:block')], { timeoutMs, killAfterMs: 100 });
      const { executionId, failure, steps } = await (await runtime.start('flow')).settled();
      expect(failure?.code).toBe('process_timeout');
      expect(isAlive(place, executionId)).toBe(false);
      await runtime.stop();
      if (steps[0]?.status !== 'completed' && timeoutMs < 20_000) continue;
      expect(steps.map(step => step.status)).toEqual(['completed', 'cancelled', 'cancelled']);
      return expectLawful(place, executionId);
    }
  });

  it('is killed by a cancel that it does not answer', async () => {
    const place = makePlace();
    const runtime = await openIsolated(place, [flow('tool:block')]);
    const execution = await runtime.start('flow');
    await until(async () => (await execution.get()).steps[1]?.status === 'running', 'the second step runs');
    expect(await execution.cancel('enough')).toBe(true);
    const { failure } = await execution.settled();
    expect(failure).toMatchObject({ code: 'cancelled', message: 'enough' });
    expect(isAlive(place, execution.executionId)).toBe(false);
    await runtime.stop();
    await expectLawful(place, execution.executionId);
  });
});

describe('a process that writes what no runtime writes', () => {
  it.each([
    ['garbage', /not whole/],
    ['illegal', /its journal|leads/],
    ['foreign', /not its own/],
  ] as const)('is killed, and its execution fails with what was good: %s', async (how, message) => {
    const place = makePlace();
    const runtime = await openIsolated(place, [flow('tool:forge', { folder: place.processes, how })]);
    const { executionId, failure, steps, status } = await (await runtime.start('flow')).settled();
    expect(status).toBe('failed');
    expect(failure).toMatchObject({ code: 'process_damaged', message: expect.stringMatching(message) });
    expect(steps.map(step => step.status)).toEqual(['completed', 'cancelled', 'cancelled']);
    expect((await runtime.list()).map(summary => summary.executionId)).toEqual([executionId]);
    await until(() => !isAlive(place, executionId), 'the process is gone');
    await runtime.stop();
    await expectLawful(place, executionId);
  });
});

describe('a cancel', () => {
  it('reaches the process, and the handler in it', async () => {
    const place = makePlace();
    const stopped = join(place.folder, 'stopped');
    const runtime = await openIsolated(place, [flow('tool:gate', { file: join(place.folder, 'never'), stopped })]);
    const execution = await runtime.start('flow');
    await until(async () => (await execution.get()).steps[1]?.status === 'running', 'the second step runs');
    expect(await execution.cancel('no more')).toBe(true);
    expect((await execution.settled()).failure).toMatchObject({ code: 'cancelled', message: 'no more' });
    expect(await execution.cancel()).toBe(false);
    await until(() => existsSync(stopped), 'the handler was told');
    await runtime.stop();
    await expectTakenIn(place, execution.executionId);
  });

  it('takes back what still waits for a process', async () => {
    const place = makePlace();
    const file = join(place.folder, 'go');
    const runtime = await openIsolated(place, [flow('tool:gate', { file })], { maxProcesses: 1 });
    const [one, two] = await Promise.all([runtime.start('flow'), runtime.start('flow')]);
    expect(await two.cancel()).toBe(true);
    expect((await two.settled()).failure?.code).toBe('cancelled');
    writeFileSync(file, '');
    expect((await one.settled()).passed).toBe(true);
    expect(existsSync(join(place.processes, two.executionId, 'journal.jsonl'))).toBe(false);
  });
});

describe('the folders of processes', () => {
  it('go when their executions have gone; what else lies there stays', async () => {
    const place = makePlace();
    const flows = [{ id: 'true', flow_type: 'static', steps: [{ id: 'a', uses: 'exec', with: { command: 'true' } }] }] as const;
    const before = await openIsolated(place, flows);
    const { executionId } = await (await before.start('true')).settled();
    await before.stop();
    const store = openSqliteStore({ file: place.file });
    store.acquire(owner);
    expect(store.prune({ settledBefore: Number.MAX_SAFE_INTEGER })).toBe(1);
    store.close();
    mkdirSync(join(place.processes, '01a1fc9f-313b-723b-b014-e520e426bd79'));
    await (await openIsolated(place, flows)).stop();
    expect(existsSync(join(place.processes, executionId))).toBe(false);
    expect(readdirSync(place.processes)).toEqual(['01a1fc9f-313b-723b-b014-e520e426bd79']);
  });
});

describe('a stop', () => {
  it('gives back what runs and what waits; the next runtime goes on with both', async () => {
    const place = makePlace();
    const [file, log] = [join(place.folder, 'go'), join(place.folder, 'log')];
    const steps: FlowSource['steps'] = [{ id: 'once', uses: 'tool:work', with: { file: log } }, { id: 'gate', uses: 'tool:gate', with: { file }, depends_on: ['once'] }];
    const before = await openIsolated(place, [{ id: 'flow', flow_type: 'static', steps }], { maxProcesses: 1 });
    const [one, two] = await Promise.all([before.start('flow'), before.start('flow')]);
    await until(async () => (await one.get()).steps[1]?.status === 'running', 'the gate is reached');
    await before.stop();
    expect(isAlive(place, one.executionId)).toBe(false);
    writeFileSync(file, '');
    const after = await openIsolated(place, [{ id: 'flow', flow_type: 'static', steps }], { maxProcesses: 1 });
    expect(after.recovered.map(({ executionId }) => executionId)).toEqual([one.executionId, two.executionId]);
    const settled = await Promise.all([one, two].map(({ executionId }) => after.settled(executionId)));
    expect(settled.map(({ passed }) => passed)).toEqual([true, true]);
    // What had completed is not done again; what was given back counts for nothing.
    expect(readLines(log).filter(line => line.startsWith('begin'))).toHaveLength(2);
    expect(settled[0]?.steps[1]).toMatchObject({ attempts: 1, interruptions: 0 });
    await after.stop();
    for (const { executionId } of [one, two]) await expectTakenIn(place, executionId);
  });
});
