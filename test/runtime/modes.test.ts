import { describe, expect, it } from 'vitest';
import type { FlowSource } from '../../src/definition/schema.ts';
import { fail } from '../../src/core/outcome.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const broken = (): unknown => fail('it broke', { code: 'broken', retryable: false });

/** `bad` fails while `slow` and two items of `each` run; `nap` sleeps, `late` has not begun. */
const flow = (parts: Partial<FlowSource>): FlowSource => ({
  id: 'modes', concurrency: 5, ...parts,
  steps: [
    { id: 'bad', uses: 'tool:bad' },
    { id: 'slow', uses: 'tool:slow' },
    { id: 'each', uses: 'tool:slow', for_each: [1, 2, 3, 4] },
    { id: 'nap', uses: 'sleep', with: { for: '1h' } },
    { id: 'late', uses: 'tool:ok', depends_on: ['slow'] },
    { id: 'after', uses: 'tool:ok', depends_on: ['bad'], with: { seen: '{% steps.bad.output %}', status: '{% steps.bad.status %}' } },
  ],
});

async function play(parts: Partial<FlowSource>) {
  const bad = createGate();
  const slow = createGate();
  const aborted: string[] = [];
  const { runtime, store, clock } = await openRuntime(flow(parts), {
    bad: async () => (await bad.promise, broken()),
    slow: async ({ signal, stepId, item }) => {
      signal.addEventListener('abort', () => aborted.push(`${stepId}${item ?? ''}`));
      await slow.promise;
      return stepId;
    },
    ok: ({ input }) => input,
  }, { maxRunningSteps: 4 });
  const execution = await runtime.start('modes');
  await settleTicks();
  bad.open();
  await settleTicks();
  const during = (await execution.get()).status;
  slow.open();
  await settleTicks();
  clock.advance(3_600_000);
  const settled = await execution.settled();
  await settleTicks();
  await expectSound(store);
  await runtime.stop();
  const { steps, score, passed } = settled;
  return { during, aborted, score, passed, steps: Object.fromEntries(steps.map(({ stepId, status, reason }) => [stepId, reason ? `${status} ${reason.code}` : status])), outputs: Object.fromEntries(steps.map(({ stepId, output }) => [stepId, output])) };
}

describe('a strict flow', () => {
  it('cancels what runs when a critical step fails, and skips the rest', async () => {
    const { during, aborted, steps, score, passed } = await play({ mode: 'strict' });
    expect(during).toBe('scored');
    expect(aborted).toContain('slow');
    expect(steps).toEqual({ bad: 'failed broken', slow: 'cancelled flow_halted', each: 'cancelled flow_halted', nap: 'cancelled flow_halted', late: 'skipped flow_halted', after: 'skipped upstream_failed' });
    expect({ score, passed }).toEqual({ score: 0, passed: false });
  });

  it('lets what works finish with `on_halt: finish`, and begins nothing more', async () => {
    const { during, aborted, steps, score, passed } = await play({ mode: 'strict', on_halt: 'finish' });
    expect(during).toBe('stepping');
    expect(aborted).toEqual([]);
    expect(steps).toMatchObject({ bad: 'failed broken', slow: 'completed', nap: 'cancelled flow_halted', late: 'skipped flow_halted', after: 'skipped upstream_failed' });
    expect({ score, passed }).toEqual({ score: 0, passed: false });
  });
});

describe('a conditional flow', () => {
  it('skips what depends on the failure, and runs the rest', async () => {
    const { steps, aborted, score, passed } = await play({ mode: 'conditional' });
    expect(aborted).toEqual([]);
    expect(steps).toEqual({ bad: 'failed broken', slow: 'completed', each: 'completed', nap: 'completed', late: 'completed', after: 'skipped upstream_failed' });
    expect({ score, passed }).toEqual({ score: 0, passed: false });
  });
});

describe('a lenient flow', () => {
  it('runs everything that can run, also what depends on the failure', async () => {
    const { steps, outputs, score, passed } = await play({ mode: 'lenient' });
    expect(steps).toEqual({ bad: 'failed broken', slow: 'completed', each: 'completed', nap: 'completed', late: 'completed', after: 'completed' });
    expect(outputs['after']).toEqual({ seen: null, status: 'failed' });
    expect({ score, passed }).toEqual({ score: 0, passed: true });
  });
});
