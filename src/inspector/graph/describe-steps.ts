import type { StepDefinition } from '../../definition/schema.ts';
import type { GraphStep, StepWork } from './step-graph.ts';

const works: Readonly<Record<string, StepWork>> = { sleep: 'sleep', signal: 'signal', await_message: 'signal', flow: 'flow', machine: 'machine' };

/** What a step does, by its `uses`; kinds of an application's own are taken for tasks. */
const toWork = (uses: string): StepWork => works[uses.split(':', 1)[0] ?? ''] ?? 'task';

/** An expression without its braces, on one line. */
const toText = (expression: unknown): string => String(expression).replace(/^\s*\{%([\s\S]*)%\}\s*$/, '$1').trim().replaceAll(/\s+/g, ' ');

/**
 * The steps of a definition as the graph takes them.
 *
 * @param toStepWork what a `uses` means, where kinds of steps were added
 */
export function describeSteps(steps: readonly StepDefinition[], toStepWork: (uses: string) => StepWork = toWork): GraphStep[] {
  const alternatives = new Map(steps.flatMap(({ id, recover }) => (recover?.alternative === undefined ? [] : [[recover.alternative, id] as const])));
  return steps.map(({ id, uses, depends_on, critical, run, when, for_each, retry }) => ({
    id,
    uses,
    work: toStepWork(uses),
    dependsOn: depends_on ?? [],
    critical: critical !== false,
    always: run === 'always',
    ...(when !== undefined && { condition: toText(when) }),
    forEach: for_each !== undefined,
    maxAttempts: retry?.maxAttempts ?? 1,
    ...(alternatives.has(id) && { alternativeOf: alternatives.get(id) }),
  }));
}
