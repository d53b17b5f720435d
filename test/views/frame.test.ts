import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExecutionProgress } from '../../src/views/execution-progress.ts';
import { chooseSteps, renderFrame } from '../../src/views/terminal/frame.ts';
import { renderOverview } from '../../src/views/terminal/overview.ts';
import { createPalette } from '../../src/views/terminal/palette.ts';
import { measure } from '../../src/views/terminal/plain-text.ts';

const palette = createPalette({ colors: false, unicode: true });
const now = 1_767_225_600_000;
const statuses = ['pending', 'running', 'retrying', 'waiting', 'completed', 'failed', 'skipped', 'cancelled'] as const;
const anyStep = fc.record({
  status: fc.constantFrom(...statuses),
  id: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,60}$/),
  reason: fc.string({ unit: 'grapheme', maxLength: 200 }),
  items: fc.option(fc.record({ total: fc.nat(20_000), settled: fc.nat(20_000), failed: fc.nat(9) })),
});

function createProgress(steps: readonly { status: (typeof statuses)[number]; id: string; reason: string; items: { total: number; settled: number; failed: number } | null }[]): ExecutionProgress {
  const progress = new ExecutionProgress('01a1fbf8-1958-71a9-9d29-0525da246ba1', 'project-report', steps.map(({ id }) => ({ stepId: id, uses: 'tool:x', maxAttempts: 3, critical: true, dependsOn: [] })));
  progress.status = 'stepping';
  progress.startedAt = now - 61_000;
  for (const [index, { status, reason, items }] of steps.entries()) {
    const step = progress.steps[index];
    if (!step) continue;
    Object.assign(step, {
      status, items: items ?? undefined, attempts: status === 'pending' ? 0 : 2, startedAt: now - 2_000,
      settledAt: ['completed', 'failed', 'skipped', 'cancelled'].includes(status) ? now : null,
      reason: { code: 'tool_failed', message: reason, retryable: true },
      dueAt: status === 'retrying' ? now + 1_500 : undefined,
    });
  }
  return progress;
}

describe('the live picture', () => {
  it('is never wider or higher than the terminal', () => {
    fc.assert(fc.property(fc.array(anyStep, { minLength: 1, maxLength: 60 }), fc.integer({ min: 30, max: 200 }), fc.integer({ min: 8, max: 60 }), (steps, columns, rows) => {
      const progress = createProgress(steps);
      const options = { palette, now, columns, rows, frame: 3, hint: 'Ctrl-C stops it; it can be resumed' };
      for (const picture of [renderFrame(progress, options), renderOverview(steps.map(() => progress), options)]) {
        const lines = picture.split('\n');
        expect(lines.length).toBeLessThan(rows);
        for (const line of lines) expect(measure(line), line).toBeLessThanOrEqual(columns);
      }
    }));
  });

  it('shows state, attempt, items, time and reason of each step, and how much has settled', () => {
    const progress = createProgress([
      { status: 'completed', id: 'scan', reason: '', items: null },
      { status: 'running', id: 'lines', reason: '', items: { total: 40, settled: 12, failed: 0 } },
      { status: 'retrying', id: 'history', reason: 'git ended with 128', items: null },
      { status: 'pending', id: 'report', reason: '', items: null },
    ]);
    const [header, scan, lines, history, report, bar, hint] = renderFrame(progress, { palette, now, columns: 110, rows: 24, frame: 0, hint: 'stop' }).split('\n');
    expect(header).toMatch(/project-report +01a1fbf8-1958-71a9-9d29-0525da246ba1 +stepping +1m 1s/);
    expect(scan).toMatch(/✔ scan +completed +2\/3 +2\.0s/);
    expect(lines).toMatch(/⠋ lines +running +12\/40 items/);
    expect(history).toMatch(/↻ history +retrying +2\/3 .*again in 1\.5s: tool_failed: git ended with 128/);
    expect(report).toMatch(/○ report +pending$/);
    expect(bar).toMatch(/━+─+ {2}1\/4 steps/);
    expect(hint).toBe(' stop');
  });

  it('keeps what moves and what failed when there are more steps than rows', () => {
    const steps = createProgress([
      ...Array.from({ length: 20 }, (_, index) => ({ status: 'completed' as const, id: `done${index}`, reason: '', items: null })),
      { status: 'failed', id: 'broken', reason: 'x', items: null },
      { status: 'running', id: 'busy', reason: '', items: null },
      ...Array.from({ length: 20 }, (_, index) => ({ status: 'pending' as const, id: `later${index}`, reason: '', items: null })),
    ]);
    const { shown, hidden } = chooseSteps(steps.steps, 6);
    expect(shown.map(({ stepId }) => stepId)).toEqual(['broken', 'busy', 'later0', 'later1', 'later2']);
    expect(shown.length + hidden.length).toBe(42);
    expect(renderFrame(steps, { palette, now, columns: 80, rows: 10, frame: 0 })).toContain('… 20 completed, 16 pending');
  });

  it('uses plain ASCII where nothing else can be drawn', () => {
    const progress = createProgress([{ status: 'running', id: 'a', reason: '', items: null }]);
    const picture = renderFrame(progress, { palette: createPalette({ colors: false, unicode: false }), now, columns: 80, rows: 10, frame: 1 });
    expect(picture).toMatch(/^[ -~\n]*$/);
  });
});
