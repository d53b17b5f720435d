import type { FanOutActor, FlowTree, StepActor } from '../kernel/tree.ts';
import { getSignalName, isAsking, isFanOut, isSwitched } from '../kernel/tree.ts';
import { noItem } from '../core/address.ts';
import { listDue } from './due.ts';
import type { FlowState } from './flow-model.ts';
import { listPreparing, modelStart } from './flow-model.ts';
import type { PathEvent } from './path-event.ts';
import type { ScriptedFlow } from './script-flow.ts';

type Place = { readonly step: string; readonly item?: number };

export const toPlaceOf = (actor: StepActor | FanOutActor): Place => (isFanOut(actor) || actor.item === noItem ? { step: actor.step.id } : { step: actor.step.id, item: actor.item });

/** Live actors in the one order in which paths go through them: by place in the definition, then in the list. */
export function* listLive(tree: FlowTree): Iterable<StepActor | FanOutActor> {
  for (const position of [...tree.actors.keys()].toSorted((a, b) => a - b)) {
    const actor = tree.actors.get(position) as StepActor | FanOutActor;
    yield actor;
    if (isFanOut(actor)) yield* [...actor.items.values()].toSorted((a, b) => a.item - b.item);
  }
}

/**
 * What may happen next on a path, the way everything goes well first.
 *
 * Steps that do not depend on each other commute, so only one order of theirs is looked at: the first step that is busy
 * goes first. Cancels, crashes, early signals and time that runs out may come at any moment.
 */
export function listOffers(flow: ScriptedFlow, state: FlowState): PathEvent[] {
  const { tree } = state;
  if (state.status === 'done') return [];
  const live = [...listLive(tree)];
  const [preparing, ...others] = listPreparing(state);
  // Expressions are evaluated at once and in no order that can be chosen: nothing else is placed between, and none
  // fails while its failure would decide what becomes of the others.
  if (preparing) {
    const isItem = !isFanOut(preparing) && preparing.item !== noItem;
    const decides = isItem ? others.length > 0 : tree.plan.mode === 'strict' && (others.length > 0 || state.evaluated);
    return listPrepared(flow, preparing).filter(event => !decides || !('result' in event) || event.result !== 'fail');
  }
  const offers: PathEvent[] = [];
  const first = live.find((actor): actor is StepActor => !isFanOut(actor) && isDecidable(actor));
  if (first) offers.push(...listOutcomes(first));
  const due = listDue(tree, modelStart);
  if (due.length > 0) offers.push({ type: 'elapse', due: due.map(({ place }) => place) });
  if (live.some(actor => !isFanOut(actor) && actor.snapshot.value === 'running')) offers.push({ type: 'crash' });
  offers.push(...listEarlySignals(state), { type: 'cancel' });
  return offers;
}

export function isDecidable(actor: StepActor): boolean {
  const { snapshot, step } = actor;
  if (isSwitched(actor)) return false;
  return snapshot.value === 'running' || (snapshot.value === 'waiting' && step.role !== 'sleep');
}

function listOutcomes(actor: StepActor): PathEvent[] {
  const place = toPlaceOf(actor);
  const { role } = actor.step;
  if (isAsking(actor)) return listAnswers(actor);
  if (role === 'signal') return [{ type: 'signal', step: place.step, name: getSignalName(actor) as string }];
  if (role === 'flow' || role === 'machine') return [{ type: 'child', ...place, passes: true }, { type: 'child', ...place, passes: false }];
  const failures = actor.snapshot.context.maxAttempts > 1 ? [true, false] : [true];
  return [{ type: 'complete', ...place }, ...failures.map(retryable => ({ type: 'fail' as const, ...place, retryable }))];
}

/** To try again is offered once: more of the same shows nothing new. */
function listAnswers({ step, snapshot }: StepActor): PathEvent[] {
  const { attempt, maxAttempts } = snapshot.context;
  const actions = ['use', ...(attempt <= maxAttempts ? ['retry' as const] : []), 'skip', 'fail'] as const;
  return actions.map(action => ({ type: 'answer', step: step.id, action }));
}

function listPrepared({ scripted }: ScriptedFlow, actor: StepActor | FanOutActor): PathEvent[] {
  const place = toPlaceOf(actor);
  const { step } = actor;
  const can = scripted.get(step.position);
  const event = (result: 'start' | 'skip' | 'fail', items?: number): PathEvent => ({ type: 'prepare', ...place, result, ...(items !== undefined && { items }) });
  if (place.item !== undefined) return [event('start'), ...(can?.items ? [event('fail')] : [])];
  if (step.when?.constant && step.when.value === false) return [event('skip')];
  const starts = step.forEach && can?.list ? [event('start', 2), event('start', 1), event('start', 0)] : [event('start')];
  return [...starts, ...(can?.when ? [event('skip')] : []), ...(can?.when || can?.list || can?.value ? [event('fail')] : [])];
}

/** Signals that come before their step waits for them. */
export function listEarlySignals({ tree }: FlowState): PathEvent[] {
  return tree.plan.steps.flatMap(step => {
    if (step.role !== 'signal' || tree.settled[step.position] !== null || tree.actors.has(step.position)) return [];
    const name = step.kind.signal?.(step.with?.value, step.id);
    if (name === undefined) return [];
    const isTaken = tree.signals.some(signal => signal.name === name) || [...tree.actors.values()].some(actor => !isFanOut(actor) && getSignalName(actor) === name);
    return isTaken ? [] : [{ type: 'signal' as const, step: step.id, name, early: true as const }];
  });
}
