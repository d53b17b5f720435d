import type { FanOutEvent } from '../../machines/fan-out.ts';
import type { FlowEvent } from '../../machines/flow.ts';
import type { StepEvent } from '../../machines/step.ts';
import type { ConsolidationSummary } from '../../persistence/consolidation-store.ts';
import type { SignalRecord } from '../../persistence/records.ts';
import { createFailure, type StepFailure } from '../core/failure.ts';
import type { PlannedStep } from '../definition/plan.ts';
import { backOff, isResting, makeRoom, recount, takeUp, wake, forgetPostponed, goOn, postpone } from './back-off.ts';
import type { Changes } from './changes.ts';
import { isBuiltIn, scoreBuiltIn } from './consolidated-record.ts';
import { countSettled } from './tally.ts';
import { endOthers, endSteps, haltSteps, toReason } from './end-steps.ts';
import { toEndedAttempt } from './runs.ts';
import { type Delivery, isOpenItem, type Kernel, moveFanOut, queueItems } from './fan-outs.ts';
import { setItems, takeItem } from './item-slots.ts';
import { beginMachine, endMachine, offerKept, offerSignal } from './actor-steps.ts';
import type { Machines } from './machines.ts';
import type { Message, Prepared } from './messages.ts';
import { beginAgain, beginRecovery, dropAlternative, endAlternative, toReceived, toAskUntil } from './fallback.ts';
import { type Routed, routeSettled, type SettledStatus, toSettled } from './route.ts';
import { createTimerEvent, createFanOutActor, createStepActor, getActor, getSignalName, isBusy, isFanOut, isOpen, isSwitched, isToRetry, type FanOutActor, type FlowTree, type StepActor } from './tree.ts';
import { noItem, toLocalAddress } from '../core/address.ts';

/**
 * Delivers a message to an execution and everything that follows from it inside, until the tree is quiet.
 *
 * Decides by the machines alone: no store, no clock, no promise. The tree is changed in place (`copyTree` keeps the
 * old one); what has to be stored and done is added to `changes`.
 *
 * @throws what a machine's guard or assignment throws; the tree is then unusable, see `breakTree`
 */
export function deliver(machines: Machines, tree: FlowTree, message: Message, now: number, changes: Changes): void {
  new Delivering(machines, tree, now, changes).handle(message);
}

/**
 * Goes on with a tree that was read back: cut-off runs begin again, waits are armed, slots that were given out and not
 * used are given out again. With `isCutOff` false, what ran and waited does so still.
 */
export function resume(machines: Machines, tree: FlowTree, now: number, changes: Changes, isCutOff = true): void {
  new Delivering(machines, tree, now, changes).resume(isCutOff);
}

class Delivering implements Kernel {
  readonly machines: Machines;
  readonly tree: FlowTree;
  readonly now: number;
  readonly changes: Changes;
  readonly inbox: Delivery[] = [];

  constructor(machines: Machines, tree: FlowTree, now: number, changes: Changes) {
    this.machines = machines;
    this.tree = tree;
    this.now = now;
    this.changes = changes;
  }

  handle(message: Message): void {
    if (message.to === 'flow') this.sendToFlow(message.event);
    else if (message.to === 'step') this.#sendToStep(message);
    else if (message.to === 'signal') this.#receive(message.signal, message.refused);
    else if (message.to === 'machine') this.#endMachine(message);
    else if (message.to === 'offer') offerKept(this);
    else if (message.to === 'consolidated') this.#score(message);
    else if (message.to === 'again') goOn(this, message.position, message.item);
    else this.#begin(message.position, message.item, message.prepared);
    this.#drain();
  }

  /** A consolidation that comes too late is noted, and changes nothing. */
  #score({ event, summary }: { readonly event: FlowEvent; readonly summary: ConsolidationSummary }): void {
    if (this.tree.flow.value === 'consolidating') this.changes.consolidated = summary;
    this.sendToFlow(event);
  }

  /** The built-in formula needs nothing but what the tree knows: it answers at once, in the tick of the last step. */
  #consolidate(): void {
    if (isBuiltIn(this.tree.plan)) this.#score(scoreBuiltIn(this.tree));
    else this.changes.effects.push({ type: 'consolidate' });
  }

  /** What a machine of an earlier generation came to is nothing to this one. */
  #endMachine({ place: { generation, stepId, item }, ...rest }: Extract<Message, { to: 'machine' }>): void {
    const position = this.tree.plan.positions.get(stepId);
    if (generation === this.tree.generation && position !== undefined) this.#sendToStep({ ...rest, position, item });
  }

  resume(isCutOff: boolean): void {
    const tree = this.tree;
    if (tree.flow.value === 'consolidating' && isCutOff) this.#consolidate();
    let held = 0;
    const resting: StepActor[] = [];
    const due: Delivery[] = [];
    const visit = (actor: StepActor): void => {
      const { item, step: { position }, snapshot: { value, context } } = actor;
      if (actor.holdsSlot) held++;
      if (isResting(actor)) resting.push(actor);
      if (value === 'running' && isCutOff) {
        const failure = { ...createFailure('interrupted', 'The process ended while the step was running'), retryable: true };
        this.inbox.push({ position, item, event: { type: 'attempt.interrupted', run: context.run, failure, ...toAskUntil(actor.step, this.now) } });
      } else if (context.dueAt !== null && context.dueAt <= this.now) {
        due.push({ position, item, event: createTimerEvent(actor) });
      } else if (isCutOff && value === 'waiting') {
        if (!isSwitched(actor)) this.#wait(actor);
      } else if (isCutOff && value === 'pending' && !isToRetry(actor)) {
        // Released by a stop: what its expressions came to is stored, so it starts without being prepared again.
        tree.preparing--;
        this.inbox.push({ position, item, event: { type: 'step.start' } });
      } else if (isCutOff && value !== 'pending') {
        this.changes.effects.push({ type: 'wait', position, item: actor.item });
      }
    };
    for (const actor of tree.actors.values()) isFanOut(actor) ? actor.items.forEach(visit) : visit(actor);
    if (tree.unoffered && isCutOff) offerKept(this);
    const { granted, released } = tree.flow.context;
    this.#startNext(recount(this, granted - released - held, resting));
    this.#drain();
    // One by one, as where it stayed in memory: each that is due takes its slot before the next one asks.
    for (const delivery of due) this.#drain(delivery);
  }

  #drain(...more: Delivery[]): void {
    this.inbox.push(...more);
    for (let index = 0; index < this.inbox.length; index++) {
      const next = this.inbox[index] as Delivery;
      if ('flow' in next) this.sendToFlow(next.flow);
      else this.#sendToStep(next);
    }
    this.inbox.length = 0;
  }

  sendToFlow(event: FlowEvent): void {
    const tree = this.tree;
    const before = tree.flow;
    const effects: string[] = [];
    const after = this.machines.flow.transition(before, event, effects);
    this.changes.entries.push(['', event, after === before ? null : after.value]);
    if (after === before) return;
    tree.flow = after;
    if (event.type === 'flow.start' && tree.inherited) this.#skipFor(tree.inherited.skips);
    for (const effect of effects) {
      if (effect === 'startSteps') this.#startNext(after.context.granted - before.context.granted);
      else if (effect === 'haltSteps') this.#halt(createFailure('flow_halted', 'A critical step failed and the flow is strict'));
      else if (effect === 'cancelSteps') endSteps(this, 'step.cancel', toReason(event));
      else if (effect === 'cancelOthers') endOthers(this, 'step.cancel', toReason(event));
      else this.#consolidate();
    }
    if (tree.backingOff > 0 && after.context.ready > 0) makeRoom(this);
    if (after.status === 'done') this.changes.effects.push({ type: 'settle' });
  }

  #halt(failure: StepFailure): void {
    if (this.tree.plan.onHalt === 'finish') haltSteps(this, failure);
    else endOthers(this, 'step.skip', failure);
  }

  /** Gives slots to the steps that most others wait for. */
  #startNext(count: number): void {
    const { queue, actors, plan } = this.tree;
    for (let left = count; left > 0; left--) {
      const position = queue.peek();
      if (position === undefined) return;
      const step = plan.steps[position] as PlannedStep;
      const fanOut = actors.get(position);
      if (fanOut && isFanOut(fanOut)) {
        const item = takeItem(fanOut);
        if (fanOut.open === 0) queue.pop();
        this.#give(step, item);
      } else {
        queue.pop();
        this.#give(step, noItem);
      }
    }
  }

  #give(step: PlannedStep, item: number): void {
    const { position } = step;
    const again = getActor(this.tree, position, item);
    if (again && !isFanOut(again) && (isResting(again) || isToRetry(again))) {
      const event = isToRetry(again) ? ({ type: 'step.start' } as const) : takeUp(this.tree, again);
      again.holdsSlot = true;
      return this.#sendToStep({ position, item, event });
    }
    const actor = this.#create(step, item);
    actor.holdsSlot = true;
    const condition = item === noItem ? (step.when ?? step.forEach) : null;
    if (step.role === 'task' && condition === null && (step.with?.constant ?? true)) {
      this.#sendToStep({ position, item, event: { type: 'step.start' } });
    } else {
      this.tree.preparing++;
      this.changes.effects.push({ type: 'prepare', position, item });
    }
  }

  #create(step: PlannedStep, item: number): StepActor | FanOutActor {
    const tree = this.tree;
    if (item === noItem) {
      const actor = step.forEach ? createFanOutActor(this.machines, tree, step) : createStepActor(this.machines, tree, step, item);
      tree.actors.set(step.position, actor);
      return actor;
    }
    const fanOut = tree.actors.get(step.position) as FanOutActor;
    const actor = createStepActor(this.machines, tree, step, item);
    if (!step.with) actor.input = fanOut.list?.[item];
    fanOut.items.set(item, actor);
    return actor;
  }

  /** Starts a step whose expressions have been evaluated. */
  #begin(position: number, item: number, prepared: Prepared): void {
    const actor = getActor(this.tree, position, item);
    if (!actor || actor.snapshot.value !== 'pending' || !actor.holdsSlot) return;
    this.tree.preparing--;
    if (prepared.type === 'again') return postpone(this, position, item);
    forgetPostponed(this.tree, position, item);
    if (prepared.type !== 'start') {
      this.#sendToStep({ position, item, event: { type: `step.${prepared.type}`, failure: prepared.failure } }, true);
      return;
    }
    const { input, list, kept = [], dueAt } = prepared;
    const stored = list ?? input;
    if (stored?.json) this.changes.inputs.push({ position, item, input: stored.json });
    if (isFanOut(actor)) {
      const total = setItems(actor, list?.value ?? [], kept.map(row => row.item));
      for (const row of kept) {
        countSettled(this.tree.tally, actor.step, true, row);
        this.changes.kept.push(row);
      }
      this.#sendToStep({ position, item, event: { type: 'step.start', total, ...(kept.length > 0 && { kept: kept.length }) } }, true);
      if (actor.snapshot.status === 'active') this.#freeSlot(actor, queueItems(this, actor));
      return;
    }
    actor.input = input?.value;
    this.#sendToStep({ position, item, event: { type: 'step.start', ...(dueAt !== undefined && { dueAt }) } }, true);
    if ((actor.snapshot.value as string) === 'waiting' && actor.step.role !== 'flow') this.#freeSlot(actor, 0);
  }

  #freeSlot(actor: StepActor | FanOutActor, ready: number): void {
    actor.holdsSlot = false;
    this.inbox.push({ flow: { type: 'slot.freed', freed: 1, ...(ready > 0 && { ready }) } });
  }

  #sendToStep(delivery: Exclude<Delivery, { flow: FlowEvent }>, prepared = false): void {
    const { position, item, event, output } = delivery;
    const tree = this.tree;
    const step = tree.plan.steps[position] as PlannedStep;
    let actor = getActor(tree, position, item);
    const isEnd = event.type === 'step.skip' || event.type === 'step.cancel';
    if (!actor && isEnd) {
      // Of two upstream failures only the first skips a step; the second finds it settled.
      if (item === noItem ? tree.settled[position] !== null : !isOpenItem(this, position, item)) return;
      actor = this.#create(step, item);
    }
    const local = toLocalAddress(step.id, item);
    if (!actor) {
      if (event.type !== 'item.settled') this.changes.entries.push([local, event, null]);
      return;
    }
    if (isFanOut(actor)) moveFanOut(this, actor, event as FanOutEvent, local, prepared);
    else if (event.type === 'timer.fired' && isResting(actor)) wake(this, actor);
    else this.moveStep(actor, event as StepEvent, local, output, prepared);
  }

  moveStep(actor: StepActor, event: StepEvent, local: string, output: string | undefined, prepared: boolean): void {
    const changes = this.changes;
    const tree = this.tree;
    const before = actor.snapshot;
    const effects: string[] = [];
    const after = this.machines.step.transition(before, event, effects);
    changes.entries.push([local, event, after === before ? null : after.value]);
    if (after === before) return;
    actor.snapshot = after;
    changes.actors.add(actor);
    const { item, step: { position } } = actor;
    if (isBusy(actor.step, before.value)) tree.running--;
    if (isBusy(actor.step, after.value)) tree.running++;
    if (event.type === 'step.release') tree.preparing++;
    if (before.value === 'running' || (before.value === 'waiting' && after.status === 'done' && before.context.recovery === null)) {
      changes.attempts.push(toEndedAttempt(actor, before.context, event, output, this.now));
    } else if (before.value === 'waiting' && after.value === 'completed') {
      // Recovered: the output of the alternative, or the one a person gave, is a run of its own.
      changes.attempts.push(toEndedAttempt(actor, after.context, event, output, this.now));
    }
    for (const effect of effects) {
      if (effect === 'ping') {
        actor.runAt = this.now;
        actor.startedAt ??= this.now;
        changes.effects.push({ type: 'run', position, item, run: after.context.run });
      } else if (effect === 'wait') {
        actor.runAt = this.now;
        actor.startedAt ??= this.now;
        if (actor.step.role === 'machine') beginMachine(this, actor);
        if (after.context.recovery === null || beginRecovery(this, actor)) this.#wait(actor);
      } else if (effect === 'abort') {
        changes.effects.push({ type: 'abort', position, item, run: before.context.run, failure: 'failure' in event ? (event.failure ?? null) : null });
      } else {
        changes.effects.push({ type: 'abandon', position, item });
      }
    }
    if (isToRetry(actor)) beginAgain(this, actor);
    if (before.value === 'retrying' && actor.holdsSlot) tree.backingOff--;
    if (after.value === 'retrying') {
      backOff(this, actor);
      changes.effects.push({ type: 'wait', position, item });
    }
    if (after.status !== 'done') return;
    if (before.value === 'waiting' && actor.step.role === 'machine') endMachine(this, actor);
    this.settleStep(actor, before.value === 'pending' && !prepared);
    if (actor.step.alternativeOf !== null) endAlternative(this, actor, output);
  }

  /** @param unprepared it settles before its expressions were evaluated */
  settleStep(actor: StepActor | FanOutActor, unprepared: boolean): void {
    const tree = this.tree;
    actor.settledAt = Math.max(this.now, actor.startedAt ?? 0);
    if (unprepared && actor.holdsSlot) tree.preparing--;
    const freed = actor.holdsSlot ? 1 : 0;
    actor.holdsSlot = false;
    const { step: { position }, snapshot: { context: { failure } } } = actor;
    if (tree.postponed.size > 0) forgetPostponed(tree, position, isFanOut(actor) ? noItem : actor.item);
    this.#count(actor);
    if (isFanOut(actor) || actor.item === noItem) {
      tree.actors.delete(position);
      const status = actor.snapshot.value as SettledStatus;
      tree.settled[position] = status;
      if (tree.flow.status === 'active') this.#route(actor.step, status, failure, freed);
      return;
    }
    const fanOut = tree.actors.get(position) as FanOutActor | undefined;
    if (fanOut) {
      fanOut.items.delete(actor.item);
      fanOut.resting.delete(actor.item);
      fanOut.settledItems[actor.item] = 1;
      if (fanOut.snapshot.status === 'active') {
        this.inbox.push({ position, item: noItem, event: { type: 'item.settled', ...(actor.snapshot.value !== 'completed' && failure && { failure }) } });
      }
    }
    if (freed && tree.flow.status === 'active') this.inbox.push({ flow: { type: 'slot.freed', freed: 1 } });
  }

  #count(actor: StepActor | FanOutActor): void {
    const { step, snapshot, settledAt } = actor;
    const { run = 0, recovery = null, failure } = snapshot.context as Partial<StepActor['snapshot']['context']>;
    const isItem = !isFanOut(actor) && actor.item !== noItem;
    countSettled(this.tree.tally, step, isItem, { status: snapshot.value as SettledStatus, failure: failure ?? null, recovery, run, settledAt });
  }

  /** Tells the flow and the steps that depend on this one. */
  #route(step: PlannedStep, status: SettledStatus, failure: StepFailure | null, freed: number): void {
    const { ready, skips } = routeSettled(this.tree, step, status, failure);
    this.inbox.push({ flow: toSettled(step, status, ready, freed) });
    if (skips.length > 0) this.#skipFor(skips);
    if (step.recover?.alternative != null) dropAlternative(this, step);
  }

  #skipFor(skips: Routed['skips']): void {
    for (const { position, failure } of skips) this.inbox.push({ position, item: noItem, event: { type: 'step.skip', failure } });
  }

  #wait(actor: StepActor): void {
    const { item, step: { position } } = actor;
    const name = getSignalName(actor);
    const found = name === undefined ? -1 : this.tree.signals.findIndex(signal => signal.name === name);
    if (found < 0) {
      this.changes.effects.push({ type: 'wait', position, item });
      return;
    }
    const [signal] = this.tree.signals.splice(found, 1) as [SignalRecord];
    this.changes.consumed.push(signal.number);
    this.inbox.push({ position, item, ...toReceived(actor, signal) });
  }

  /** @param refused no machine took it, so that it is not offered to them again */
  #receive(signal: SignalRecord, refused?: 'now' | 'unavailable'): void {
    const tree = this.tree;
    if (!isOpen(tree)) return;
    for (const actor of tree.actors.values()) {
      if (isFanOut(actor) || actor.snapshot.value !== 'waiting' || getSignalName(actor) !== signal.name) continue;
      this.#sendToStep({ position: actor.step.position, item: noItem, ...toReceived(actor, signal) });
      return;
    }
    if (refused === undefined && offerSignal(this, signal)) return;
    tree.unoffered ||= refused === 'unavailable';
    // Numbers come from the clock, which may have been set back since the last one.
    const number = Math.max(signal.number, ...tree.signals.slice(-1).map(last => last.number + 1), ...this.changes.consumed.map(used => used + 1));
    const kept = number === signal.number ? signal : { ...signal, number };
    tree.signals.push(kept);
    this.changes.received.push(kept);
  }
}
