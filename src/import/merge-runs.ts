import type { ImportedRun, ImportedStep } from './imported-run.ts';

/**
 * Makes one run of two files that tell of the same: the session file knows how it ended, the trace which tools were called.
 *
 * Steps are brought together by their order when both have as many; each is a success only where both say so. Otherwise all
 * steps of both are kept, one after the other.
 */
export function mergeRuns(session: ImportedRun, trace: ImportedRun): ImportedRun {
  const fits = session.steps.length === trace.steps.length;
  const notes = fits ? [] : [`${session.steps.length} steps in the session file, ${trace.steps.length} in the trace: which belong together is not known`];
  return {
    ...trace,
    ...session,
    ...(trace.planned !== undefined && { planned: trace.planned }),
    files: [...session.files, ...trace.files],
    steps: fits ? session.steps.map((step, index) => mergeSteps(step, trace.steps[index] as ImportedStep)) : [...session.steps, ...trace.steps],
    startedAt: Math.min(session.startedAt, trace.startedAt),
    settledAt: Math.max(session.settledAt, trace.settledAt),
    events: session.events + trace.events,
    skipped: trace.skipped,
    notes: [...session.notes, ...trace.notes, ...notes],
  };
}

function mergeSteps(ended: ImportedStep, called: ImportedStep): ImportedStep {
  const error = ended.error ?? called.error;
  return {
    name: called.name,
    calls: called.calls.length > 0 ? called.calls : ended.calls,
    output: error === undefined ? ended.output : null,
    ...(error !== undefined && { error }),
    startedAt: called.startedAt,
    settledAt: Math.max(called.startedAt, called.settledAt, ended.settledAt),
  };
}
