import { getSignalName, isAsking } from '../kernel/tree.ts';
import type { StepActor } from '../kernel/tree.ts';
import { listDue } from './due.ts';
import type { FlowState } from './flow-model.ts';
import { modelStart } from './flow-model.ts';
import { isDecidable, listEarlySignals, listLive, toPlaceOf } from './flow-offers.ts';
import type { FlowWorld } from './flow-values.ts';
import type { PathEvent } from './path-event.ts';
import { toPlace } from './path-event.ts';

/** How an attempt, or a wait, ends; `wait`: not before its time is up. */
export type Ending = 'complete' | 'fail' | 'fail for good' | 'wait';

/** What the world outside does to a flow, whatever the flow makes of it. */
export interface Plot {
  readonly world: FlowWorld;
  /** By step, or by item (`mail[0]`): how each attempt ends, the last one again and again. What is not named completes. */
  readonly endings?: { readonly [place: string]: readonly Ending[] };
  /** A step that comes to its end before everything else that works. */
  readonly first?: string;
  /** A step that comes to its end after everything else that works. */
  readonly last?: string;
  /** A signal step whose signal comes before it waits. */
  readonly early?: string;
  /** What a person says to a step that asks, in order; nothing more: no answer. */
  readonly answers?: { readonly [stepId: string]: readonly Extract<PathEvent, { type: 'answer' }>['action'][] };
  /** What is special about its values, for its name. */
  readonly label?: string;
}

/** More attempts than these are not waited for. */
const maxAttempts = 30;

/** Makes what happens next on a walk of a plot; undefined: nothing more would ever happen. */
export function followPlot(plot: Plot): (state: FlowState) => PathEvent | undefined {
  const answered = new Map<string, number>();
  let isEarly = plot.early === undefined;
  return state => {
    if (!isEarly) {
      isEarly = true;
      const signal = listEarlySignals(state).find(event => 'step' in event && event.step === plot.early);
      if (signal) return { ...signal, payload: plot.world.outputs[plot.early ?? ''] } as PathEvent;
    }
    const busy = [...listLive(state.tree)].filter((actor): actor is StepActor => !('items' in actor) && isDecidable(actor));
    const toRank = ({ step: { id } }: StepActor): number => (id === plot.first ? 0 : id === plot.last ? 2 : 1);
    for (const rank of [0, 1, 2]) {
      for (const actor of busy) {
        if (toRank(actor) !== rank) continue;
        const event = end(plot, actor, answered);
        if (event) return event;
      }
    }
    const due = listDue(state.tree, modelStart);
    return due.length > 0 ? { type: 'elapse', due: due.map(({ place }) => place) } : undefined;
  };
}

function end(plot: Plot, actor: StepActor, answered: Map<string, number>): PathEvent | undefined {
  const { step, snapshot } = actor;
  const place = toPlaceOf(actor);
  if (isAsking(actor)) {
    const count = answered.get(step.id) ?? 0;
    const action = plot.answers?.[step.id]?.[count];
    answered.set(step.id, count + 1);
    return action && { type: 'answer', step: step.id, action, ...(action === 'use' && { output: plot.world.outputs[step.id] }) };
  }
  const { attempt } = snapshot.context;
  const endings = plot.world.fails.includes(step.id) ? (['fail for good'] as const) : (plot.endings?.[toPlace(place)] ?? plot.endings?.[step.id]);
  const ending = attempt > maxAttempts ? 'complete' : (endings?.[Math.min(attempt, endings.length) - 1] ?? 'complete');
  const output = plot.world.outputs[step.id];
  if (step.role === 'signal') return ending === 'complete' ? { type: 'signal', step: step.id, name: getSignalName(actor) ?? '', payload: output } : undefined;
  if (ending === 'wait') return undefined;
  if (step.role === 'flow' || step.role === 'machine') return { type: 'child', ...place, passes: ending === 'complete', ...(ending === 'complete' && { output }) };
  return ending === 'complete' ? { type: 'complete', ...place, output } : { type: 'fail', ...place, retryable: ending === 'fail' };
}
