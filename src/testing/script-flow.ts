import type { AnyStateMachine } from 'xstate';
import { compileFlow } from '../definition/compile-flow.ts';
import { defineFlow } from '../definition/define-flow.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import type { FlowDefinition, FlowSource } from '../definition/schema.ts';
import { createScriptedMachine } from './scripted-machines.ts';

/** What the expressions of one step come to on a path. Handed to the flow as its input. */
export interface ScriptEntry {
  readonly when?: boolean;
  /** Items of `for_each`. */
  readonly items?: number;
  /** The first expression that is evaluated throws. */
  readonly fails?: boolean;
  /** Items whose `with` throws. */
  readonly failingItems?: readonly number[];
}

export type Script = { readonly [stepId: string]: ScriptEntry };

/** A flow whose expressions, tools, machines and child flows do what a path says. */
export interface ScriptedFlow {
  readonly plan: FlowPlan;
  readonly definition: FlowDefinition;
  /** Stand-ins for the flows it starts. */
  readonly children: readonly FlowDefinition[];
  /** Stand-ins for the machines that its steps are. */
  readonly machines: readonly AnyStateMachine[];
  /** Steps whose expressions are evaluated from the script, by position. */
  readonly scripted: ReadonlyMap<number, { readonly when: boolean; readonly list: boolean; readonly value: boolean; readonly items: boolean }>;
}

const maxAttempts = 3;
const maxItems = 2;

/** The tool at the end of a stand-in for a child flow; does nothing. */
export const childTool = 'flowstone.child';
/** The signal that tells a stand-in how to end. */
export const childSignal = 'outcome';
const outcomeStep = 'outcome__';

/**
 * Waits to be told how to end, and what its last steps give. Nothing in it runs meanwhile, so that crashes of its parent
 * cost it nothing.
 *
 * @param ends ids of those last steps
 */
export function createStandIn(id: string, ends: readonly string[] = ['end']): FlowDefinition {
  return defineFlow({
    id,
    steps: [
      { id: outcomeStep, uses: 'signal', with: { name: childSignal } },
      ...ends.map(end => ({
        id: end, uses: `tool:${childTool}`, depends_on: [outcomeStep],
        with: `{% steps.${outcomeStep}.output.passes ? {"value": $lookup(steps.${outcomeStep}.output.outputs, ${JSON.stringify(end)})} : $error("The script says so") %}`,
      })),
    ],
  });
}

/**
 * Rewrites a flow so that everything in it can be decided from outside.
 *
 * Expressions read the script from the input; tools keep their names. Times of different steps are made different by
 * some ms, so that no two fall due at once; attempts are cut to 3, constant lists to 2 items: more of the same shows
 * nothing new.
 */
export function scriptFlow(definition: FlowDefinition): ScriptedFlow {
  const original = compileFlow(definition);
  const scripted = new Map<number, { when: boolean; list: boolean; value: boolean; items: boolean }>();
  const steps = original.steps.map((step, position) => {
    const { role } = step;
    const isVariable = (value: PlannedStep['with']): boolean => value !== null && !value.constant;
    const canScript = role === 'task' || role === 'flow' || role === 'machine';
    const value = canScript && isVariable(step.with);
    scripted.set(position, { when: isVariable(step.when), list: isVariable(step.forEach), value: value && !step.forEach, items: value && step.forEach !== null });
    return scriptStep(step, step.dependsOn.map(at => original.steps[at]?.id ?? ''), value, original.steps.map(({ id }) => id));
  });
  const source = {
    id: definition.id,
    version: definition.version,
    mode: definition.mode,
    concurrency: definition.concurrency,
    ...(definition.on_halt !== undefined && { on_halt: definition.on_halt }),
    min_score: definition.min_score,
    ...(definition.timeout !== undefined && { timeout: definition.timeout + steps.length }),
    steps,
  } as unknown as FlowSource;
  const rewritten = defineFlow(source);
  const children = original.flows
    .filter(id => id !== definition.id)
    .map(id => createStandIn(id));
  return { plan: compileFlow(rewritten), definition: rewritten, children, machines: original.machines.map(createScriptedMachine), scripted };
}

const entry = (id: string): string => `$lookup(input.script, ${JSON.stringify(id)})`;
const orFail = (condition: string, value: string): string => `{% ${condition} ? $error("The script says so") : ${value} %}`;

function scriptStep(step: PlannedStep, upstream: readonly string[], valueIsScripted: boolean, ids: readonly string[]): object {
  const { position, id, kind, role, target, critical, weight, timeoutMs, retry } = step;
  const when = step.when && (step.when.constant ? step.when.value : orFail(`${entry(id)}.fails`, `${entry(id)}.when`));
  const list = step.forEach && (step.forEach.constant ? (step.forEach.value as unknown[]).slice(0, maxItems) : orFail(`${entry(id)}.fails`, `${entry(id)}.list`));
  return {
    id,
    // A message reaches its step as a signal does; no queue is there to send one.
    uses: role === 'task' ? `tool:${target}` : kind.message ? 'signal' : step.uses,
    ...(step.alternativeOf === null && { depends_on: upstream, critical, weight, ...(step.always && { run: 'always' }) }),
    ...toRecover(step, ids),
    ...(timeoutMs !== null && { timeout: timeoutMs + position }),
    ...(when !== null && { when }),
    ...(list !== null && { for_each: list }),
    ...toWith(step, valueIsScripted),
    ...(role === 'task' && { retry: {
      maxAttempts: Math.min(retry.maxAttempts, maxAttempts),
      initialInterval: retry.initialIntervalMs + position + 1,
      backoffCoefficient: retry.backoffCoefficient,
      maxInterval: retry.maxIntervalMs + position + 1,
      jitter: 'none',
      nonRetryable: [],
    } }),
  };
}

function toRecover({ position, recover }: PlannedStep, ids: readonly string[]): { recover?: object } {
  if (!recover) return {};
  const { retry, alternative, ask } = recover;
  return {
    recover: {
      ...(retry && { retry: {
        maxAttempts: 1, initialInterval: retry.initialIntervalMs + position + 1, backoffCoefficient: retry.backoffCoefficient, maxInterval: retry.maxIntervalMs + position + 1, jitter: 'none',
      } }),
      ...(alternative !== null && { alternative: ids[alternative] }),
      ...(ask && { ask: { signal: ask.signal, ...(ask.timeoutMs !== null && { timeout: ask.timeoutMs + position }) } }),
    },
  };
}

function toWith(step: PlannedStep, valueIsScripted: boolean): { with?: unknown } {
  const { position, id, kind, role } = step;
  if (kind.message) return { with: { name: kind.signal?.(undefined, id) } };
  if (role === 'sleep' || role === 'signal') {
    const given = step.with?.constant ? step.with.value : undefined;
    const value = kind.sample ? kind.sample(given, { position, id }) : given;
    return value === undefined || value === null ? {} : { with: value };
  }
  if (!step.with) return {};
  if (!valueIsScripted) return { with: step.with.value };
  if (step.forEach) return { with: orFail(`index in ${entry(id)}.failingItems`, '{"item": item}') };
  return { with: orFail(`${entry(id)}.fails`, '{"scripted": true}') };
}

/** The input that makes the expressions of a scripted flow come to what a script says. */
export function toInput(plan: FlowPlan, script: Script): { script: Record<string, unknown> } {
  return {
    script: Object.fromEntries(
      plan.steps.map(({ id }) => {
        const { when = true, items = maxItems, fails = false, failingItems = [] } = script[id] ?? {};
        return [id, { when, fails, list: toList(items), failingItems }];
      }),
    ),
  };
}

/** The items of a scripted `for_each`. */
export function toList(items: number): string[] {
  return Array.from({ length: items }, (_, item) => `item ${item}`);
}
