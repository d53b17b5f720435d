import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { type ChartValue, findTaken, listActive } from '../graph/chart.ts';
import { Statechart } from '../graph/statechart.tsx';
import { charts, readStructure } from '../model/charts.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { at } from '../model/view-state.ts';

/** The machine of what is selected, with its state lit, and the transition that was taken last. */
export function MachineChart({ current, address }: { readonly current: ExecutionModel; readonly address: string }): VNode {
  const { history } = current;
  const seq = at.value;
  const chart = charts[history.toMachine(address)];
  const state = history.getState(address, seq) ?? history.getInitial(address);
  const transition = history.getTransition(seq);
  const change = transition?.address === address ? history.getChange(seq) : undefined;
  const value = state?.value ?? 'pending';
  const active = useMemo(() => listActive(chart, value), [chart, value]);
  const taken = useMemo(() => (change && transition ? findTaken(chart, { event: transition.event.type, from: change.before.value, to: change.after.value }) : undefined), [chart, seq, address]);
  const [actor] = current.findActors(address);
  const own = useMemo(() => (actor?.structure ? readStructure(actor.structure) : undefined), [actor?.structure]);
  if (own && actor) return <Statechart key={actor.view.id} chart={own} active={listActive(own, actor.view.root.value as ChartValue)} />;
  return <Statechart key={history.toMachine(address)} chart={chart} active={active} taken={taken} />;
}
