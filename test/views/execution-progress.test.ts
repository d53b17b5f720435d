import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { defineTool } from '../../src/kinds/flows/tool.ts';
import { outlineSteps } from '../../src/views/cli/outline-steps.ts';
import { ExecutionProgress } from '../../src/views/execution-progress.ts';
import { renderChange } from '../../src/views/terminal/line-view.ts';

const flow = defineFlow({
  id: 'views',
  concurrency: 2,
  steps: [
    { id: 'list', uses: 'tool:list' },
    { id: 'each', uses: 'tool:echo', depends_on: ['list'], for_each: '{% steps.list.output %}', with: '{% item %}' },
    { id: 'flaky', uses: 'tool:flaky', retry: { maxAttempts: 3, initialInterval: 5, jitter: 'none' } },
    { id: 'broken', uses: 'tool:broken', critical: false },
    { id: 'never', uses: 'tool:list', when: '{% false %}' },
    { id: 'approve', uses: 'signal', depends_on: ['each'], with: { name: 'go' } },
  ],
});

const pick = (all: readonly { stepId: string; status: string; attempts: number; reason?: unknown; settledAt: number | null }[]): unknown =>
  all.map(({ stepId, status: state, attempts, reason, settledAt }) => ({ stepId, state, attempts: stepId === 'each' ? 0 : attempts, reason, settledAt }));

async function record(): Promise<{ progress: ExecutionProgress; lines: string[]; details: unknown; shown: unknown }> {
  let calls = 0;
  const tools = [
    defineTool({ name: 'list', run: () => [1, 2, 3] }),
    defineTool({ name: 'echo', run: ({ input }) => input }),
    defineTool({ name: 'flaky', run: () => { calls += 1; if (calls < 3) throw new Error('not yet'); return calls; } }),
    defineTool({ name: 'broken', run: () => { throw new Error('broken'); } }),
  ];
  const runtime = await createRuntime({ store: createMemoryStore(), tools, flows: [flow], listen: false });
  const execution = await runtime.start('views');
  const progress = new ExecutionProgress(execution.executionId, 'views', outlineSteps(flow));
  const lines: string[] = [];
  for await (const update of execution.transitions()) {
    const change = progress.apply(update);
    if (change) lines.push(renderChange(progress, change));
    if (progress.steps.find(({ stepId }) => stepId === 'approve')?.status === 'waiting') await execution.signal('go', {}).catch(() => undefined);
  }
  const { steps, status } = await execution.settled();
  await runtime.stop();
  return { progress, lines, details: { status, steps: pick(steps) }, shown: { status: progress.status, steps: pick(progress.steps) } };
}

describe('progress of an execution', () => {
  it('says after the last transition what the store says', async () => {
    const { shown, details } = await record();
    expect(shown).toEqual(details);
  });

  it('counts items and shares', async () => {
    const { progress } = await record();
    expect(progress.steps.find(({ stepId }) => stepId === 'each')?.items).toEqual({ total: 3, settled: 3, failed: 0 });
    expect(progress.settled).toBe(6);
    expect(progress.computeFigures(0)).toEqual({ share: 1, remainingMs: 0, stalled: [] });
  });

  it('makes one plain line of each change, without escape sequences', async () => {
    const { lines } = await record();
    expect(lines.every(line => /^\d\d:\d\d:\d\d {2}/.test(line) && !line.includes('\u001B'))).toBe(true);
    expect(lines.some(line => /flaky +retrying +1\/3 +again in \d+ms: tool_threw: not yet/.test(line))).toBe(true);
    expect(lines.some(line => /approve +waiting .*for signal go/.test(line))).toBe(true);
    expect(lines.at(-1)).toMatch(/views +scored$/);
  });

  it('ignores what was recorded and ignored, and steps it does not know', () => {
    const progress = new ExecutionProgress('x', 'views', outlineSteps(flow));
    const base = { type: 'transition', seq: 1, at: new SimulatedClock().now() } as const;
    expect(progress.apply({ ...base, address: 'orchestrator/flow:x/step:list', event: { type: 'attempt.completed', run: 1 }, state: null })).toBeUndefined();
    expect(progress.apply({ ...base, address: 'orchestrator/flow:x/step:other', event: { type: 'step.start' }, state: 'running' })).toBeUndefined();
    expect(progress.steps[0]?.status).toBe('pending');
  });
});
