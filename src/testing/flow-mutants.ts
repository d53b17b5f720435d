import { compileFlow } from '../definition/compile-flow.ts';
import { readFunctions, withFunctions } from '../definition/value-function.ts';
import type { FlowDefinition, StepDefinition } from '../definition/schema.ts';
import { hasExpression } from '../definition/template.ts';
import { listExpressionMutants } from './expression-mutants.ts';

/** A flow with one thing changed. */
export interface FlowMutant {
  /** `swap: when removed`. */
  readonly name: string;
  /** The step that was changed; undefined: the flow itself. */
  readonly stepId: string | undefined;
  readonly key: string;
  /** Something in an expression was changed: the values it reads may tell. */
  readonly inExpression: boolean;
  readonly definition: FlowDefinition;
}

type Change = (copy: Record<string, unknown>) => void;

/** Keys of a step that are left out, where it has them. */
const removable = ['when', 'timeout', 'retry', 'recover', 'for_each', 'on_item_failure', 'concurrency', 'run'] as const;

/**
 * Lists what a flow could be by mistake: each `when` removed and negated, each dependency, retry, timeout, limit and recovery
 * removed, `critical` turned round, lists shortened, weights, constants and what is in expressions changed; and the flow's own mode,
 * timeout, limit and least score.
 *
 * What is no flow any more (a step reads one it does not depend on) and what means the same is left out.
 */
export function listFlowMutants(definition: FlowDefinition): FlowMutant[] {
  const { digest } = compileFlow(definition);
  const mutants: FlowMutant[] = [];
  const add = (stepId: string | undefined, key: string, what: string, change: Change, inExpression = false): void => {
    const copy = structuredClone(definition) as unknown as Record<string, unknown> & { steps: Record<string, unknown>[] };
    const target = stepId === undefined ? copy : copy.steps.find(step => step['id'] === stepId);
    if (!target) return;
    change(target);
    const mutant = withFunctions(copy as unknown as FlowDefinition, readFunctions(definition));
    try {
      if (compileFlow(mutant).digest === digest) return;
    } catch {
      return;
    }
    mutants.push({ name: `${stepId === undefined ? 'the flow' : stepId}: ${key} ${what}`, stepId, key, inExpression, definition: mutant });
  };
  listFlowChanges(definition, (key, what, change) => add(undefined, key, what, change));
  for (const step of definition.steps) listStepChanges(step, (key, what, change, inExpression) => add(step.id, key, what, change, inExpression));
  return mutants;
}

type Add = (key: string, what: string, change: Change, inExpression?: boolean) => void;

function listFlowChanges({ timeout, mode, min_score: minScore, concurrency, on_halt: onHalt }: FlowDefinition, add: Add): void {
  const set = (key: string, value: unknown): void => add(key, `changed to ${String(value)}`, copy => (copy[key] = value));
  if (timeout !== undefined) add('timeout', 'removed', copy => delete copy['timeout']);
  for (const other of ['strict', 'conditional', 'lenient']) if (other !== mode) set('mode', other);
  if (onHalt !== undefined) add('on_halt', 'removed', copy => delete copy['on_halt']);
  if (minScore > 0) for (const other of [0, 1]) if (other !== minScore) set('min_score', other);
  if (concurrency > 1) set('concurrency', 1);
  set('concurrency', concurrency + 1);
}

function listStepChanges(step: StepDefinition, add: Add): void {
  for (const key of removable) if ((step as Record<string, unknown>)[key] !== undefined) add(key, 'removed', copy => delete copy[key]);
  if (typeof step.when === 'string') add('when', 'negated', copy => (copy['when'] = negate(String(step.when))));
  if (typeof step.when === 'boolean') add('when', 'negated', copy => (copy['when'] = !step.when));
  for (const id of step.depends_on) add('depends_on', `without ${id}`, copy => (copy['depends_on'] = step.depends_on.filter(other => other !== id)));
  add('critical', `turned to ${!step.critical}`, copy => (copy['critical'] = !step.critical));
  add('weight', 'changed', copy => (copy['weight'] = step.weight === 0 ? 1 : step.weight * 2));
  for (const key of ['when', 'for_each'] as const) if (typeof step[key] === 'string') addExpressionChanges(step[key], [key], true, add);
  if (step.timeout !== undefined) add('timeout', 'doubled', copy => (copy['timeout'] = (step.timeout ?? 0) * 2));
  if (step.retry) listRetryChanges('retry', step.retry as unknown as Record<string, unknown>, add);
  if (step.recover) {
    for (const key of Object.keys(step.recover)) add(`recover.${key}`, 'removed', copy => delete (copy['recover'] as Record<string, unknown>)[key]);
    if (step.recover.ask?.timeout !== undefined) add('recover.ask.timeout', 'removed', copy => delete (copy['recover'] as { ask: Record<string, unknown> }).ask['timeout']);
    if (step.recover.retry) listRetryChanges('recover.retry', step.recover.retry as unknown as Record<string, unknown>, add);
  }
  if (Array.isArray(step.for_each) && step.for_each.length > 0) add('for_each', 'without its last item', copy => (copy['for_each'] = (step.for_each as unknown[]).slice(0, -1)));
  if (typeof step.for_each === 'string') add('for_each', 'without its last item', copy => (copy['for_each'] = `{% ($list := [${toBare(String(step.for_each))}]; [$list[[0..$count($list) - 2]]]) %}`));
  if (step.concurrency !== undefined) add('concurrency', 'raised by one', copy => (copy['concurrency'] = (step.concurrency ?? 0) + 1));
  listConstantChanges(step.with, ['with'], add);
}

function listRetryChanges(key: string, policy: Record<string, unknown>, add: Add): void {
  const set = (name: string, value: unknown): Change => copy => {
    const target = key.split('.').reduce<Record<string, unknown>>((at, part) => at[part] as Record<string, unknown>, copy);
    target[name] = value;
  };
  const { maxAttempts, initialInterval } = policy as { maxAttempts: number; initialInterval: number };
  if (maxAttempts > 1) add(`${key}.maxAttempts`, 'lowered by one', set('maxAttempts', maxAttempts - 1));
  if (maxAttempts > 1 || key !== 'retry') add(`${key}.initialInterval`, 'changed', set('initialInterval', initialInterval * 2 + 10));
}

/** Each constant, and each text that holds an expression as a whole. */
function listConstantChanges(value: unknown, path: readonly string[], add: Add): void {
  const key = path.join('.');
  if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) listConstantChanges(member, [...path, name], add);
    return;
  }
  if (typeof value === 'string' && hasExpression(value)) {
    add(key, 'without its expression', setAt(path, null));
    return addExpressionChanges(value, path, false, add);
  }
  if (typeof value === 'string') return add(key, 'changed', setAt(path, vary(value)));
  if (typeof value === 'number') return add(key, 'changed', setAt(path, value + 1));
  if (typeof value === 'boolean') return add(key, 'turned round', setAt(path, !value));
  if (value === null) add(key, 'changed', setAt(path, 'null'));
}

function addExpressionChanges(text: string, path: readonly string[], isBare: boolean, add: Add): void {
  for (const mutant of listExpressionMutants(text, isBare)) add(path.join('.'), `with ${mutant.what}`, setAt(path, mutant.text), true);
}

/** What begins with a number may be a length of time, which another text would not be. */
function vary(text: string): string {
  const [, number, rest] = /^(\d{1,15})(.*)$/s.exec(text) ?? [];
  return number === undefined ? `${text}~` : `${Number(number) + 1}${rest ?? ''}`;
}

function setAt(path: readonly string[], value: unknown): Change {
  return copy => {
    let at: Record<string, unknown> = copy;
    for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
    at[path.at(-1) as string] = value;
  };
}

const toBare = (text: string): string => (hasExpression(text) ? text.trim().replace(/^\{%/, '').replace(/%\}$/, '') : text);

/** Nothing (a value that is missing) counts as false, so that its opposite is true. */
const negate = (when: string): string => `{% $not(${toBare(when)}) %}`;
