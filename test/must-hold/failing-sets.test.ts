import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/runtime/api.ts';
import type { SettledExecution } from '../../src/kinds/flows/execution-api.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

const flow = pipelineFlow({ concurrency: 61 });
const ids = flow.steps.map(({ id }) => id);
const requires = new Map(flow.steps.map(({ id, depends_on }) => [id, depends_on]));

/** All that comes after these steps, themselves left out, computed from the definition alone. */
function findDescendants(roots: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [id, upstream] of requires) if (upstream.some(name => roots.has(name) || found.has(name))) found.add(id);
  }
  return found;
}

interface Opened {
  readonly runtime: Runtime;
  readonly runs: string[];
  failing: ReadonlySet<string>;
}

async function open(): Promise<Opened> {
  const runs: string[] = [];
  const opened: Partial<Opened> & { failing: ReadonlySet<string> } = { failing: new Set() };
  const { runtime } = await openRuntime(flow, {
    task: ({ stepId }) => {
      runs.push(stepId);
      if (opened.failing.has(stepId)) throw new Error(`${stepId} broke`);
      return { of: stepId };
    },
  });
  return Object.assign(opened, { runtime, runs });
}

const sets = (max: number): fc.Arbitrary<ReadonlySet<string>> => fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1, maxLength: max }).map(list => new Set(list));
const pick = (settled: SettledExecution, ...wanted: string[]): string[] => settled.steps.filter(({ status }) => wanted.includes(status)).map(({ stepId }) => stepId).toSorted();
const sorted = (set: Iterable<string>): string[] => [...set].toSorted();

describe('the pipeline of 61 steps', () => {
  it('skips exactly the descendants of any set of steps that fail, for 200 sets', async () => {
    const opened = await open();
    await fc.assert(
      fc.asyncProperty(sets(12), async failing => {
        opened.failing = failing;
        opened.runs.length = 0;
        const settled = await (await opened.runtime.start('planexe-pipeline')).settled();
        const skipped = findDescendants(failing);
        expect(pick(settled, 'skipped')).toEqual(sorted(skipped));
        // One that fails downstream of another never came to it.
        expect(pick(settled, 'failed')).toEqual(sorted([...failing].filter(id => !skipped.has(id))));
        expect(sorted(opened.runs)).toEqual(sorted(ids.filter(id => !skipped.has(id))));
        expect(pick(settled, 'completed')).toHaveLength(61 - pick(settled, 'failed', 'skipped').length);
      }),
      { numRuns: 200 },
    );
    await opened.runtime.stop();
  });

  it('runs exactly the descendants again of any set of steps that is retried, and keeps the rest, for 100 sets', async () => {
    const opened = await open();
    const execution = await opened.runtime.start('planexe-pipeline');
    await execution.settled();
    let generation = 1;
    await fc.assert(
      fc.asyncProperty(sets(4), fc.boolean(), async (steps, cascade) => {
        opened.runs.length = 0;
        await execution.retry({ steps: [...steps], cascade });
        const settled = await execution.settled();
        const descendants = findDescendants(steps);
        const expected = cascade ? new Set([...steps, ...descendants]) : steps;
        expect(settled).toMatchObject({ generation: ++generation, score: 1, passed: true });
        expect(sorted(opened.runs)).toEqual(sorted(expected));
        expect(sorted(settled.steps.filter(({ keptFrom }) => keptFrom === undefined).map(({ stepId }) => stepId))).toEqual(sorted(expected));
        for (const { stepId, stale, output } of settled.steps) {
          expect(output).toEqual({ of: stepId });
          if (!cascade && descendants.has(stepId) && !steps.has(stepId)) expect([stepId, stale]).toEqual([stepId, true]);
          if (expected.has(stepId)) expect([stepId, stale]).toEqual([stepId, undefined]);
        }
      }),
      { numRuns: 100, endOnFailure: true },
    );
    await opened.runtime.stop();
  });

  it('comes, retried after any set of failures, to what a run without them comes to, for 100 sets', async () => {
    const opened = await open();
    await fc.assert(
      fc.asyncProperty(sets(8), async failing => {
        opened.failing = failing;
        const execution = await opened.runtime.start('planexe-pipeline');
        const first = await execution.settled();
        opened.failing = new Set();
        opened.runs.length = 0;
        await execution.retry();
        const second = await execution.settled();
        expect(sorted(opened.runs)).toEqual(pick(first, 'failed', 'skipped'));
        expect(second).toMatchObject({ score: 1, passed: true });
        expect(pick(second, 'completed')).toHaveLength(61);
      }),
      { numRuns: 100 },
    );
    await opened.runtime.stop();
  });
});
