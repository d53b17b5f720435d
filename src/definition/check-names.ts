import { didYouMean } from '../core/wording.ts';
import type { FlowPlan } from './plan.ts';
import type { Problem } from './problem.ts';

/** Finds the steps that use a tool which is not among the given names. */
export function checkTools(plan: FlowPlan, names: Iterable<string>): Problem[] {
  return check(plan, 'task', 'unknown_tool', 'a tool', new Set(names));
}

/** Finds the steps that start a flow which is not among the given ids. */
export function checkFlows(plan: FlowPlan, ids: Iterable<string>): Problem[] {
  return check(plan, 'flow', 'unknown_flow', 'a flow', new Set(ids));
}

function check(plan: FlowPlan, kind: 'task' | 'flow', code: string, what: string, known: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  for (const { id, position, target, kind: own } of plan.steps) {
    if (own !== kind || known.has(target)) continue;
    problems.push({
      code,
      message: `Expected \`uses\` of \`${id}\` to name ${what} that is there, got \`${target}\`${didYouMean(target, known)}`,
      place: { path: `steps[${position}].uses` },
      expected: `${what} that is there`,
      found: `\`${target}\``,
    });
  }
  return problems;
}
