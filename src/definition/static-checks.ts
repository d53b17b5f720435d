import prettyMilliseconds from 'pretty-ms';
import { computeBackoff } from '../core/backoff.ts';
import { checkBraces } from './check-braces.ts';
import { checkBounds } from './check-bounds.ts';
import type { FlowPlan, PlannedStep } from './plan.ts';
import type { Finding } from './problem.ts';
import { parseValuePath } from './value-path.ts';
import { readSleepMs } from './step-kinds.ts';

/**
 * Finds what a definition says and surely does not mean. The flow runs all the same.
 *
 * Assertions that cannot all hold, steps that can never run, waits that may never end, scores that cannot be reached any more, outputs nobody reads, and
 * retries the flow's timeout leaves no room for.
 */
export function findDoubts(plan: FlowPlan): Finding[] {
  return [...checkBraces(plan.definition), ...checkBounds(plan.assertions), ...plan.steps.flatMap(step => [...checkRuns(step), ...checkWait(plan, step), ...checkScore(plan, step), ...checkOutput(plan, step), ...checkTime(plan, step)])];
}

const formatDuration = (ms: number): string => prettyMilliseconds(ms);

const at = ({ position }: PlannedStep, key: string): readonly (string | number)[] => ['steps', position, key];

function checkRuns(step: PlannedStep): Finding[] {
  const { id, when, forEach } = step;
  if (when?.constant && when.value !== true) {
    return [{ code: 'step_never_runs', path: at(step, 'when'), expected: 'a condition that can be true', found: String(when.value), message: `\`${id}\` never runs: its \`when\` is always ${String(when.value)}` }];
  }
  if (forEach?.constant && Array.isArray(forEach.value) && forEach.value.length === 0) {
    return [{ code: 'step_never_runs', path: at(step, 'for_each'), expected: 'a list with items', found: 'an empty list', message: `\`${id}\` never runs: its \`for_each\` is an empty list` }];
  }
  return [];
}

function checkWait(plan: FlowPlan, step: PlannedStep): Finding[] {
  if (step.role !== 'signal' || step.timeoutMs !== null || plan.timeoutMs !== null) return [];
  return [{
    code: 'wait_endless', path: at(step, 'uses'), expected: 'a `timeout` on the step or on the flow', found: 'none',
    message: `\`${step.id}\` waits for a ${step.kind.message ? 'message' : 'signal'} and may wait for ever: give it, or the flow, a \`timeout\``,
  }];
}

/** In the other modes a critical failure costs the pass anyway; there only optional steps are looked at. */
function checkScore(plan: FlowPlan, step: PlannedStep): Finding[] {
  const { minScore, mode, steps, assertions } = plan;
  if (minScore === 0 || (step.critical && mode !== 'lenient')) return [];
  const total = [...steps, ...assertions].reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return [];
  const best = step.critical ? 0 : (total - step.weight) / total;
  if (best >= minScore) return [];
  const shown = Math.floor(best * 100) / 100;
  return [{
    code: 'score_out_of_reach', path: at(step, step.critical ? 'id' : 'critical'), expected: `a score of ${minScore} to be in reach without it`, found: String(shown),
    message: `Once \`${step.id}\` has failed the score is at most ${shown} and the flow cannot pass (\`min_score\` ${minScore}): whatever still runs, runs for nothing`,
  }];
}

function checkOutput(plan: FlowPlan, step: PlannedStep): Finding[] {
  if (step.role !== 'task' || step.dependents.length === 0) return [];
  const readers = plan.steps.flatMap(({ with: value, when, forEach }) => [value, when, forEach].flatMap(one => one?.references ?? []));
  readers.push(...(plan.state?.with?.references ?? []), ...plan.assertions.flatMap(({ path }) => (path === undefined ? [] : String(parseValuePath(path)?.[1]))));
  // Where nothing is read, steps are there for what they do.
  if (readers.length === 0 || readers.includes(step.id)) return [];
  return [{
    code: 'output_unused', path: at(step, 'id'), expected: 'a step that reads its output', found: 'none',
    message: `Nobody reads the output of \`${step.id}\`, though steps depend on it; fine if it is there for what it does`,
  }];
}

function checkTime(plan: FlowPlan, step: PlannedStep): Finding[] {
  const { timeoutMs: limit } = plan;
  if (limit === null) return [];
  const tooLong = (key: string, what: string, ms: number): Finding[] => [{
    code: 'time_out_of_reach', path: at(step, key), expected: `less than the flow's \`timeout\` of ${formatDuration(limit)}`, found: formatDuration(ms),
    message: `${what} of \`${step.id}\` takes up to ${formatDuration(ms)}, the flow ends after ${formatDuration(limit)}`,
  }];
  const { role, retry, timeoutMs } = step;
  if (role === 'sleep') {
    const sleepMs = readSleepMs(step);
    return sleepMs !== null && sleepMs >= limit ? tooLong('with', 'The sleep', sleepMs) : [];
  }
  if (timeoutMs !== null && timeoutMs >= limit) return tooLong('timeout', 'One attempt', timeoutMs);
  let budget = (timeoutMs ?? 0) * retry.maxAttempts;
  for (let attempt = 1; attempt < retry.maxAttempts && budget <= limit; attempt++) budget += computeBackoff(retry, attempt, 1);
  return retry.maxAttempts > 1 && budget > limit ? tooLong('retry', 'Trying again', budget) : [];
}
