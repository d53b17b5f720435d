import type { CoveredTransition, FlowCoverage } from '../../catalog/read-coverage.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { countTransitions } from '../graph/chart.ts';
import type { StepCoverage } from '../graph/step-graph.ts';
import type { MachineName } from '../replay/history.ts';
import { charts } from './charts.ts';

/** As the method `tested` tells it. */
export interface Tested {
  readonly paths: number;
  readonly covered: readonly TestedTransition[];
  readonly uncovered: readonly TestedTransition[];
  readonly truncated: boolean;
}

interface TestedTransition {
  readonly place: string;
  readonly from: string;
  readonly event: string;
  readonly to: string;
}

/** A transition, and how often production took it. */
export interface ComparedTransition extends CoveredTransition {
  /** Whether a path of the tests takes it; undefined: that is not known. */
  readonly isTested: boolean | undefined;
}

type Transition = Omit<CoveredTransition, 'count'>;

const toKey = ({ machine, from, event, to }: Transition): string => `${machine} ${from} ${event} ${to}`;

/** Whose machine a place of a path is: `scan[*]` is an item, `scan` the list of them or a step. */
function toTransition({ place, from, event, to }: TestedTransition, lists: ReadonlySet<string>): Transition {
  return { machine: place === '' ? 'flow' : lists.has(place) ? 'fanOut' : 'step', from, event, to };
}

/** All transitions that production or the tests know of, those taken most first; never taken ones have a count of 0. */
export function compareTransitions({ transitions }: FlowCoverage, definition: FlowDefinition, tested: Tested | undefined): ComparedTransition[] {
  const lists = new Set(definition.steps.filter(step => step.for_each !== undefined).map(({ id }) => id));
  const paths = tested?.covered.map(one => toTransition(one, lists)) ?? [];
  const onPath = new Set(paths.map(toKey));
  const possible = new Map([...paths, ...(tested?.uncovered.map(one => toTransition(one, lists)) ?? [])].map(one => [toKey(one), one]));
  for (const one of transitions) possible.delete(toKey(one));
  return [...transitions, ...[...possible.values()].map(one => ({ ...one, count: 0 }))].map(one => ({ ...one, isTested: tested && onPath.has(toKey(one)) }));
}

/** What production came to in each step, for the graph. */
export const toStepCoverage = ({ steps }: FlowCoverage): ReadonlyMap<string, StepCoverage> => new Map(steps.map(step => [step.stepId, step]));

/** How often each transition of a machine was taken, by its id in the chart. */
export function countMachine(machine: MachineName, transitions: readonly ComparedTransition[]): ReadonlyMap<string, number> {
  return countTransitions(charts[machine], transitions.filter(one => one.machine === machine));
}

/** How often the tests take each: 1 where a path does. */
export function countTests(machine: MachineName, transitions: readonly ComparedTransition[]): ReadonlyMap<string, number> {
  return countTransitions(charts[machine], transitions.filter(one => one.machine === machine && one.isTested).map(one => ({ ...one, count: 1 })));
}
