import { describe, expect, it } from 'vitest';
import type { SettledExecution } from '../../src/kinds/flows/execution-api.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const flow = pipelineFlow();
const ids = flow.steps.map(({ id }) => id);
const requires = new Map(flow.steps.map(({ id, depends_on }) => [id, depends_on]));

/** All that comes after these steps, computed from the definition alone. */
function findDescendants(roots: Iterable<string>): Set<string> {
  const found = new Set(roots);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [id, upstream] of requires) if (upstream.some(name => found.has(name))) found.add(id);
  }
  for (const root of roots) found.delete(root);
  return found;
}

interface Waves {
  readonly waves: readonly (readonly string[])[];
  readonly settled: SettledExecution;
}

/** Runs the pipeline wave by wave: whatever runs answers at once, then the next. */
async function runWaves(workers: { readonly concurrency?: number; readonly maxRunningSteps?: number }, fails: ReadonlySet<string> = new Set(), whole: Partial<FlowSource> = {}): Promise<Waves> {
  let running: { readonly id: string; readonly answer: () => void }[] = [];
  const { concurrency = 61, maxRunningSteps = 61 } = workers;
  const { runtime, store } = await openRuntime(
    { ...pipelineFlow({ concurrency }), ...whole } as FlowSource,
    {
      task: ({ stepId }) =>
        new Promise((resolve, reject) => {
          running.push({ id: stepId, answer: () => (fails.has(stepId) ? reject(new Error(`${stepId} broke`)) : resolve({ of: stepId })) });
        }),
    },
    { maxRunningSteps },
  );
  const execution = await runtime.start('planexe-pipeline');
  const settled = execution.settled();
  const waves: string[][] = [];
  for (;;) {
    await settleTicks(3);
    if (running.length === 0) break;
    const wave = running;
    running = [];
    waves.push(wave.map(({ id }) => id));
    for (const { answer } of wave) answer();
  }
  const result = { waves, settled: await settled };
  expect((await replayJournal(store, execution.executionId)).mismatches).toEqual([]);
  await runtime.stop();
  return result;
}

describe('the pipeline of 61 steps with 347 dependencies', () => {
  it('is what the requirement says', () => {
    expect(flow.steps).toHaveLength(61);
    expect(flow.steps.reduce((sum, { depends_on }) => sum + depends_on.length, 0)).toBe(347);
  });

  it.each([
    ['36 waves with 3 workers, as the flow\'s concurrency', { concurrency: 3 }, 36],
    ['36 waves with 3 workers, as the runtime\'s limit', { maxRunningSteps: 3 }, 36],
    ['61 waves with 1 worker, as the flow\'s concurrency', { concurrency: 1 }, 61],
    ['61 waves with 1 worker, as the runtime\'s limit', { maxRunningSteps: 1 }, 61],
  ] as const)('finishes in %s', async (_what, workers, count) => {
    const { waves, settled } = await runWaves(workers);
    expect(settled).toMatchObject({ status: 'scored', passed: true, score: 1 });
    expect(waves).toHaveLength(count);
    const done = new Set<string>();
    for (const wave of waves) {
      for (const id of wave) expect(requires.get(id)?.every(upstream => done.has(upstream))).toBe(true);
      for (const id of wave) done.add(id);
    }
    expect(done.size).toBe(61);
  });

  it('takes as many waves as its longest chain when workers are plenty', async () => {
    const depth = new Map<string, number>();
    while (depth.size < ids.length) {
      for (const [id, upstream] of requires) if (upstream.every(name => depth.has(name))) depth.set(id, 1 + Math.max(0, ...upstream.map(name => depth.get(name) as number)));
    }
    expect((await runWaves({})).waves).toHaveLength(Math.max(...depth.values()));
  });

  it.each(ids.map(id => [id]))('skips exactly the descendants of %s when it fails, each with the reason', async failed => {
    const { settled } = await runWaves({}, new Set([failed]));
    const descendants = findDescendants([failed]);
    for (const { stepId, status, reason, attempts } of settled.steps) {
      if (stepId === failed) {
        expect([status, attempts, reason?.message]).toEqual(['failed', 1, `${failed} broke`]);
      } else if (descendants.has(stepId)) {
        expect([status, attempts, reason?.code, reason?.details?.['cause']]).toEqual(['skipped', 0, 'upstream_failed', failed]);
        expect(requires.get(stepId)).toContain(reason?.details?.['upstream']);
        expect(reason?.message).toContain(failed);
      } else {
        expect([status, reason]).toEqual(['completed', undefined]);
      }
    }
    expect(settled.passed).toBe(false);
    // A critical step has failed: that costs all of the score.
    expect(settled.score).toBe(0);
    expect(settled.steps.filter(({ status }) => status === 'completed')).toHaveLength(61 - 1 - descendants.size);
  });

  it('blocks exactly the 11 tasks that a real run lost to three failures, and does the other 48', async () => {
    // That run counts the aggregate root, which requires every task: the 62nd.
    const whole = { steps: [...flow.steps, { id: 'FullPlanPipeline', uses: 'tool:task', depends_on: ids }] };
    const { settled } = await runWaves({ concurrency: 3 }, new Set(['ConvertPitchToMarkdownTask', 'EstimateTaskDurationsTask', 'FilterDocumentsToFindTask']), whole);
    const count = (wanted: string): number => settled.steps.filter(({ status }) => status === wanted).length;
    expect({ failed: count('failed'), blocked: count('skipped'), done: count('completed') }).toEqual({ failed: 3, blocked: 11, done: 48 });
    for (const { status, reason } of settled.steps) if (status === 'skipped') expect(reason).toMatchObject({ code: 'upstream_failed' });
  });
});
