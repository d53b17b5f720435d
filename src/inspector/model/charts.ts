import { fanOutMachine } from '../../../machines/fan-out.ts';
import { flowMachine } from '../../../machines/flow.ts';
import { stepMachine } from '../../../machines/step.ts';
import type { Chart } from '../graph/chart.ts';
import { readChart } from '../graph/read-chart.ts';
import type { MachineName } from '../replay/history.ts';

const toChart = (config: unknown): Chart => {
  const chart = readChart(config);
  if (typeof chart === 'string') throw new TypeError(chart);
  return chart;
};

/** The machines that flows, steps and lists are, as pictures. */
export const charts: Readonly<Record<MachineName, Chart>> = { flow: toChart(flowMachine.config), step: toChart(stepMachine.config), fanOut: toChart(fanOutMachine.config) };

interface State {
  readonly type?: string;
  readonly id?: string;
  readonly initial?: string;
  readonly on?: Readonly<Record<string, readonly (readonly [targets: readonly string[] | null, reenter: boolean])[]>>;
  readonly always?: readonly (readonly [targets: readonly string[] | null, reenter: boolean])[];
  readonly invoke?: Readonly<Record<string, string>>;
  readonly states?: Readonly<Record<string, State>>;
}

const toTransitions = (list: readonly (readonly [readonly string[] | null, boolean])[]): object[] => list.map(([targets, reenter]) => ({ ...(targets && { target: targets.map(id => `#${id}`) }), reenter }));

/** A stored structure in the form in which machines are written. */
const toConfig = ({ type, id, initial, on = {}, always = [], invoke = {}, states = {} }: State): object => ({
  ...(type !== undefined && { type }), ...(id !== undefined && { id }), ...(initial !== undefined && { initial }),
  on: Object.fromEntries(Object.entries(on).map(([event, list]) => [event, toTransitions(list)])), always: toTransitions(always),
  invoke: Object.entries(invoke).map(([one, src]) => ({ id: one, src })),
  states: Object.fromEntries(Object.entries(states).map(([key, state]) => [key, toConfig(state)])),
});

/** A machine of somebody's own, of the structure that is stored with its actors; undefined: there is nothing to draw. */
export function readStructure(text: string): Chart | undefined {
  const { machines } = JSON.parse(text) as { readonly machines: readonly { readonly id: string; readonly root: State }[] };
  const [own] = machines;
  const chart = own && readChart({ ...toConfig(own.root), id: own.id });
  return typeof chart === 'object' ? chart : undefined;
}
