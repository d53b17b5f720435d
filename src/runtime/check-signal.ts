import { FlowError } from '../core/errors.ts';
import { didYouMean } from '../core/wording.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import { checkAnswer } from './recovering.ts';
import type { StepMachines } from './step-machines.ts';

/** Names of the signals that a step may wait for; undefined: any name, as an expression says it. */
function listNames({ kind, target, with: given, recover }: PlannedStep): readonly string[] | undefined {
  if (kind !== 'signal' || target !== 'signal') return recover?.ask ? [recover.ask.signal] : [];
  const { name } = (given?.constant ? given.value : {}) as { readonly name?: unknown };
  return typeof name === 'string' ? [name] : undefined;
}

/**
 * Refuses a signal that no step and no machine of the flow takes: it would be kept for ever, and its sender wait with it.
 *
 * @param plan undefined: it cannot be read, which is complained about elsewhere; then every signal is taken
 * @param force whether it is taken all the same
 * @throws a `FlowError` with code `signal_unknown`, or `answer_invalid`
 */
export function requireSignal(plan: FlowPlan | undefined, name: string, payload: unknown, force: boolean, machines: StepMachines | undefined): void {
  checkAnswer(plan, name, payload);
  if (!plan || force) return;
  const known: string[] = [];
  for (const step of plan.steps) {
    const names = step.kind === 'machine' ? machines?.listEvents(step.target) : listNames(step);
    const own = step.kind === 'machine' ? toOwnEvent(step.id, name) : name;
    if (names === undefined || names.some(one => matches(one, own))) return;
    known.push(...names);
  }
  const names = [...new Set(known)];
  const what = names.length === 0 ? 'it takes none' : `it takes ${names.slice(0, maxNames).map(one => `\`${one}\``).join(', ')}${names.length > maxNames ? ` and ${names.length - maxNames} more` : ''}`;
  throw new FlowError('signal_unknown', `Expected a signal that the flow "${plan.definition.id}" takes, got \`${name}\`${didYouMean(name, names)}; ${what}. To have it kept all the same: \`force: true\`, --force`, { details: { signal: name, signals: names } });
}

const maxNames = 10;

/** A signal may name the step, or the item, whose machine is to have it: `payment[2]/approve`. */
const toOwnEvent = (stepId: string, name: string): string => {
  const end = name.indexOf('/');
  return end > 0 && name.slice(0, end).replace(/\[\d+\]$/, '') === stepId ? name.slice(end + 1) : name;
};

/** Machines may take every event, or all that begin so: `*`, `order.*`. */
const matches = (taken: string, name: string): boolean => taken === name || taken === '*' || (taken.endsWith('.*') && name.startsWith(taken.slice(0, -1)));
