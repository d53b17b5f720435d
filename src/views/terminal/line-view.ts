import type { ExecutionProgress, ProgressChange } from '../execution-progress.ts';
import { formatTimeOfDay } from './durations.ts';
import { pad } from './plain-text.ts';
import type { ProgressView, Screen } from './progress-view.ts';
import { formatAttempt, formatNote } from './step-line.ts';

/** Writes one change as one line: time, step, state, attempt, reason. */
export function renderChange(progress: ExecutionProgress, { at, step }: ProgressChange): string {
  const name = pad(step ? step.stepId : progress.flowId, Math.min(32, Math.max(...progress.steps.map(({ stepId }) => stepId.length), 8)));
  const cells = step
    ? [formatTimeOfDay(at), name, pad(step.status, 10), pad(formatAttempt(step), 5), formatNote(step, at)]
    : [formatTimeOfDay(at), name, progress.status];
  return cells.join('  ').trimEnd();
}

/** Shows executions as plain lines, one per change: for files, pipes and logs. */
export function createLineView(screen: Screen): ProgressView {
  const all: ExecutionProgress[] = [];
  return {
    add(progress) {
      all.push(progress);
    },
    changed(progress, change) {
      if (!change) return;
      const prefix = all.length > 1 ? `${progress.executionId}  ` : '';
      screen.write(`${prefix}${renderChange(progress, change)}\n`);
    },
    note(text) {
      screen.write(`${text}\n`);
    },
    hint() {},
    end() {},
  };
}
