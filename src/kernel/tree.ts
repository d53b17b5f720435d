import type { FanOutContext } from '../../machines/fan-out.ts';
import type { FlowContext, FlowEvent, KeptCounts, FlowInput } from '../../machines/flow.ts';
import type { StepInput, StepContext } from '../../machines/step.ts';
import type { SignalRecord, StepStatus } from '../../persistence/records.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import { noItem } from '../core/address.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import type { Tally } from './tally.ts';
import { copyTally, createTally } from './tally.ts';
import { toFanOutInput } from './fan-out-input.ts';
import type { Snapshot } from '../core/machine-runner.ts';
import type { Machines } from './machines.ts';
import type { ReadyQueue } from './ready-queue.ts';
import { createReadyQueue } from './ready-queue.ts';

/** The flows that an execution may start, at any depth, by id: the digest of each definition as it was at the start. */
export type FlowDigests = { readonly [flowId: string]: string };

/** A step, or one item, that is alive: it has left the queue and has not settled. */
export interface StepActor {
  readonly step: PlannedStep;
  /** Place in the `for_each` list; `noItem` for the step itself. */
  readonly item: number;
  snapshot: Snapshot<StepContext>;
  /** Whether it holds one of the flow's slots. */
  holdsSlot: boolean;
  /** It backed off, its time has come, and it waits for a slot. */
  isDue: boolean;
  /** What expressions made of `with`; undefined when the definition's constant is the input. */
  input: unknown;
  startedAt: number | null;
  /** When the present run began. */
  runAt: number;
  settledAt: number | null;
}

/** A step with `for_each`: counts its items and hands out the next. */
export interface FanOutActor {
  readonly step: PlannedStep;
  snapshot: Snapshot<FanOutContext>;
  holdsSlot: boolean;
  /** The list; null until it has been evaluated or read back. */
  list: readonly unknown[] | null;
  /** The first item that was never handed out. */
  next: number;
  /** Items that are ready: handed out as soon as the flow has a slot. */
  open: number;
  /** Items to be handed out again, after a stop. */
  again: number[];
  /** Items whose back-off has ended, in the order in which it did: handed out first. */
  readonly woken: Set<number>;
  /** Items alive, by place. */
  readonly items: Map<number, StepActor>;
  /** Those of them that back off, or wait for a slot to be tried again. */
  readonly resting: Set<number>;
  /** 1: settled. */
  settledItems: Uint8Array;
  startedAt: number | null;
  settledAt: number | null;
}

export const isFanOut = (actor: StepActor | FanOutActor): actor is FanOutActor => 'items' in actor;

/** An execution in memory: the flow's actor and those of its steps that are alive. */
export interface FlowTree {
  readonly plan: FlowPlan;
  readonly executionId: string;
  /** Which life of the execution it is, from 1. */
  readonly generation: number;
  /** The flows it may start, as they were when it began; undefined: none, or it began before they were noted. */
  flows: FlowDigests | undefined;
  flow: Snapshot<FlowContext>;
  /** By position; pending steps and settled ones have no actor. */
  readonly actors: Map<number, StepActor | FanOutActor>;
  /** By position: dependencies that have not settled. */
  readonly unmet: Int32Array;
  /** By position: null until settled. */
  readonly settled: (StepStatus | null)[];
  readonly tally: Tally;
  readonly queue: ReadyQueue;
  /** Slots handed out to steps whose expressions are being evaluated, or that were released by a stop. */
  preparing: number;
  /** Steps and items whose expressions met a limit and are tried again later, by position and item: how often that was. */
  postponed: Map<number, Map<number, number>>;
  /** Steps whose handler runs, or that wait for a flow they started. */
  running: number;
  /** Steps and items that back off and still hold their slot. */
  backingOff: number;
  /** Signals no step waits for yet, oldest first. */
  signals: SignalRecord[];
  /** A signal was kept because a machine could not be asked: it is to be offered where it can. */
  unoffered: boolean;
  /** Crashes after which a step fails. */
  readonly maxInterruptions: number;
  /** Of a generation that has not begun: what it keeps of the one before, and the steps that cannot run for that. */
  inherited: { readonly counts: KeptCounts; readonly skips: readonly { readonly position: number; readonly failure: StepFailure }[] } | null;
}

/** The event with which a tree that has not begun begins. */
export function toStartEvent({ queue, inherited }: FlowTree): Extract<FlowEvent, { type: 'flow.start' }> {
  return { type: 'flow.start', ready: queue.size, ...(inherited && { kept: inherited.counts }) };
}

/** Makes the tree of an execution that has not begun. */
export function createTree(machines: Machines, plan: FlowPlan, executionId: string, maxInterruptions: number, generation = 1, flows?: FlowDigests): FlowTree {
  return new NewTree(machines, plan, executionId, maxInterruptions, generation, flows);
}

class NewTree implements FlowTree {
  readonly plan: FlowPlan;
  readonly executionId: string;
  readonly generation: number;
  flows: FlowDigests | undefined;
  flow: Snapshot<FlowContext>;
  readonly actors = new Map<number, StepActor | FanOutActor>();
  readonly unmet: Int32Array;
  readonly settled: (StepStatus | null)[] = [];
  readonly tally = createTally();
  readonly queue: ReadyQueue;
  preparing = 0;
  postponed = new Map<number, Map<number, number>>();
  running = 0;
  backingOff = 0;
  signals: SignalRecord[] = [];
  unoffered = false;
  readonly maxInterruptions: number;
  inherited: FlowTree['inherited'] = null;

  constructor(machines: Machines, plan: FlowPlan, executionId: string, maxInterruptions: number, generation: number, flows: FlowDigests | undefined) {
    this.plan = plan;
    this.executionId = executionId;
    this.generation = generation;
    this.flows = flows;
    this.flow = machines.flow.initial(toFlowInput(plan));
    this.unmet = new Int32Array(plan.steps.length);
    this.maxInterruptions = maxInterruptions;
    const roots: number[] = [];
    for (const { position, dependsOn } of plan.steps) {
      if (dependsOn.length === 0) roots.push(position);
      this.unmet[position] = dependsOn.length;
      this.settled.push(null);
    }
    this.queue = createReadyQueue(plan, roots);
  }
}

/** Copies a tree, so that the copy can go on without the original. Snapshots are immutable and shared. */
export function copyTree(tree: FlowTree): FlowTree {
  return {
    ...tree,
    actors: new Map([...tree.actors].map(([position, actor]) => [position, copyActor(actor)])),
    unmet: tree.unmet.slice(),
    settled: [...tree.settled],
    postponed: new Map([...tree.postponed].map(([position, items]) => [position, new Map(items)])),
    tally: copyTally(tree.tally),
    queue: tree.queue.copy(),
    signals: [...tree.signals],
  };
}

function copyActor(actor: StepActor | FanOutActor): StepActor | FanOutActor {
  if (!isFanOut(actor)) return { ...actor };
  const items = new Map([...actor.items].map(([place, item]) => [place, { ...item }]));
  return { ...actor, again: [...actor.again], woken: new Set(actor.woken), items, resting: new Set(actor.resting), settledItems: actor.settledItems.slice() };
}

export function createStepActor(machines: Machines, tree: FlowTree, step: PlannedStep, item: number): StepActor {
  return new NewStepActor(step, item, machines.step.initial(toStepInput(step, tree.maxInterruptions)));
}

// What lives for a few commits is made by a constructor: V8 puts what a literal makes of such into old space from the beginning, after having met
// some that lived, and all that these name stays until the whole heap is collected.
class NewStepActor implements StepActor {
  readonly step: PlannedStep;
  readonly item: number;
  snapshot: Snapshot<StepContext>;
  holdsSlot = false;
  isDue = false;
  input: unknown = undefined;
  startedAt: number | null = null;
  runAt = 0;
  settledAt: number | null = null;

  constructor(step: PlannedStep, item: number, snapshot: Snapshot<StepContext>) {
    this.step = step;
    this.item = item;
    this.snapshot = snapshot;
  }
}

export function createFanOutActor(machines: Machines, tree: FlowTree, step: PlannedStep): FanOutActor {
  return {
    step,
    snapshot: machines.fanOut.initial(toFanOutInput(tree.plan.mode, step)),
    holdsSlot: false,
    list: null,
    next: 0,
    open: 0,
    again: [],
    woken: new Set(),
    items: new Map(),
    resting: new Set(),
    settledItems: new Uint8Array(0),
    startedAt: null,
    settledAt: null,
  };
}

/** Finds a live actor. */
export function getActor(tree: FlowTree, position: number, item: number): StepActor | FanOutActor | undefined {
  const actor = tree.actors.get(position);
  return actor && item !== noItem && isFanOut(actor) ? actor.items.get(item) : actor;
}

/** Whether an actor that was read back cannot go on without what expressions made: a list, or the name of a signal. */
export function needsInput(actor: StepActor | FanOutActor): boolean {
  return isFanOut(actor) || (actor.step.role === 'signal' && actor.step.with !== null && !actor.step.with.constant);
}

/** Gives an actor that was read back what expressions made; undefined: nothing is stored. */
export function giveInput(actor: StepActor | FanOutActor, input: unknown): void {
  if (!isFanOut(actor)) {
    actor.input = input;
    return;
  }
  actor.list = (input as unknown[] | undefined) ?? [];
  if (!actor.step.with) for (const item of actor.items.values()) item.input = actor.list[item.item];
}

/** Whether a step in this state keeps its flow in memory. */
export function isBusy(step: PlannedStep, state: string): boolean {
  return state === 'running' || (state === 'waiting' && step.role === 'flow');
}

/** Whether it takes signals, and its steps what they are told. */
export const isOpen = ({ flow: { value } }: FlowTree): boolean => value === 'pending' || value === 'stepping';

/** Whether something goes on that needs the flow in memory. */
export function hasWork(tree: FlowTree): boolean {
  return tree.flow.status === 'active' && (tree.flow.value !== 'stepping' || tree.running > 0 || tree.preparing > 0 || tree.postponed.size > 0);
}

/** Whether a handler runs. */
export function isRunning(tree: FlowTree): boolean {
  const runs = ({ snapshot }: StepActor): boolean => snapshot.value === 'running';
  if (tree.running === 0) return false;
  for (const actor of tree.actors.values()) {
    for (const one of isFanOut(actor) ? actor.items.values() : [actor]) if (runs(one)) return true;
  }
  return false;
}

/** When the next wait or back-off ends; undefined: none does. */
export function nextDueAt(tree: FlowTree): number | undefined {
  let next: number | undefined;
  const visit = ({ snapshot: { context } }: StepActor): void => {
    if (context.dueAt !== null && (next === undefined || context.dueAt < next)) next = context.dueAt;
  };
  for (const actor of tree.actors.values()) isFanOut(actor) ? actor.items.forEach(visit) : visit(actor);
  return next;
}

/** Whether it waits for a person's answer. */
export const isAsking = ({ snapshot }: StepActor): boolean => snapshot.value === 'waiting' && snapshot.context.recovery === 'ask';

/** Whether it waits for the step that stands in for it. */
export const isSwitched = ({ snapshot }: StepActor): boolean => snapshot.value === 'waiting' && snapshot.context.recovery === 'alternative';

/** Whether it is to be tried again on request, and waits for a slot. */
export const isToRetry = ({ snapshot }: StepActor): boolean => snapshot.value === 'pending' && snapshot.context.recovery === 'retry';

/** The name of the signal a step waits for; undefined when it waits for something else. */
export function getSignalName(actor: StepActor): string | undefined {
  if (actor.snapshot.context.recovery === 'ask') return actor.step.recover?.ask?.signal;
  return actor.step.kind.signal?.(actor.input ?? actor.step.with?.value, actor.step.id);
}

/** What a step is told when its due time has come. */
export function createTimerEvent({ step, snapshot }: StepActor): { type: 'timer.fired'; failure?: StepFailure } {
  if (snapshot.value !== 'waiting' || step.role === 'sleep' || snapshot.context.recovery !== null) return { type: 'timer.fired' };
  return { type: 'timer.fired', failure: createFailure('wait_timeout', `What the step waits for did not come within ${step.timeoutMs} ms`) };
}

/** What the machine of a flow is created with. */
export function toFlowInput({ steps, concurrency, mode }: FlowPlan): FlowInput {
  const always = steps.filter(step => step.always).length;
  return { total: steps.length, concurrency, mode, ...(always > 0 && { always }) };
}

/** Attempts in all: those of `retry`, then those of `recover.retry`. */
function countAttempts({ retry, recover }: PlannedStep): number {
  return retry.maxAttempts + (recover?.retry?.maxAttempts ?? 0);
}

/** What the machine of a step is created with. */
export function toStepInput(step: PlannedStep, maxInterruptions: number): StepInput {
  const { role, recover } = step;
  return { kind: role, maxAttempts: countAttempts(step), maxInterruptions, alternative: recover?.alternative != null, ask: recover?.ask != null };
}
