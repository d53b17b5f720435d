import type { AnyStateMachine, InspectionEvent } from 'xstate';
import type { Logger } from '../../core/logger.ts';
import { fanOutMachine } from '../../../machines/fan-out.ts';
import { flowMachine } from '../../../machines/flow.ts';
import { orchestratorMachine } from '../../../machines/orchestrator.ts';
import { stepMachine } from '../../../machines/step.ts';
import type { Changes } from '../../kernel/changes.ts';
import type { JournalEntry } from '../../core/journal-text.ts';
import { InspectedActor, rootAddress } from './inspected-actor.ts';
import type { MachineRunner, Snapshot } from '../../core/machine-runner.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { toAddress } from '../../core/address.ts';

interface Transition {
  /** Rising over all actors. */
  readonly order: number;
  readonly logic: AnyStateMachine;
  readonly event: { readonly type: string };
  readonly before: Snapshot<unknown>;
  readonly after: Snapshot<unknown>;
}

/** A transition with its place, or an event that reached nobody or broke its flow. */
interface Committed {
  readonly order: number;
  readonly address: string;
  readonly entry: JournalEntry;
  readonly transition: Transition | undefined;
  readonly tree: FlowTree | undefined;
}

/** Events an actor has from its parent. */
const fromParent = new Set(['flow.start', 'step.start', 'step.skip', 'step.fail', 'step.cancel']);

/**
 * Tells XState's inspection events of every hosted actor: after the commit, in the order in which things happened.
 *
 * While a tick drains, only the snapshots before and after each transition are noted. When the tick is stored, each
 * transition is taken once more by XState itself, which tells its actions and microsteps. Nothing is told of a tick that
 * could not be stored.
 */
export class Inspection {
  readonly #inspect: (event: InspectionEvent) => void;
  readonly #logger: Logger;
  /** By the event's own identity; two when the same object was delivered twice. */
  #noted = new Map<object, Transition[]>();
  #orchestrated: Transition[] = [];
  #committed: Committed[] = [];
  #order = 0;
  #root: InspectedActor | undefined;
  /** Actors that were announced, by execution, then address. */
  readonly #actors = new Map<string, Map<string, InspectedActor>>();

  constructor(inspect: (event: InspectionEvent) => void, logger: Logger) {
    this.#inspect = inspect;
    this.#logger = logger;
  }

  /** The same machines, with a note taken of every transition. */
  watch({ orchestrator, flow, step, fanOut }: Machines): Machines {
    return {
      orchestrator: this.#watchOne(orchestrator, orchestratorMachine, transition => this.#orchestrated.push(transition)),
      flow: this.#watchOne(flow, flowMachine, transition => this.#note(transition)),
      step: this.#watchOne(step, stepMachine, transition => this.#note(transition)),
      fanOut: this.#watchOne(fanOut, fanOutMachine, transition => this.#note(transition)),
    };
  }

  /** Takes over what was stored of one execution. */
  addCommitted(tree: FlowTree, { entries }: Changes): void {
    let order = 0;
    for (const entry of entries) {
      const [local, event] = entry;
      const transition = this.#noted.get(event)?.shift();
      order = transition?.order ?? order;
      this.#committed.push({ order, address: toAddress(tree.executionId, local), entry, transition, tree });
    }
  }

  /** Tells everything that was stored since the last time. */
  publish(isActive: (executionId: string) => boolean): void {
    const committed = this.#committed;
    for (const transition of this.#orchestrated) {
      committed.push({ order: transition.order, address: rootAddress, entry: ['', transition.event, null], transition, tree: undefined });
    }
    this.forgetTick();
    if (committed.length === 0) return;
    committed.sort((a, b) => a.order - b.order);
    const settled = new Map<string, InspectedActor[]>();
    for (const next of committed) this.#tell(next, settled);
    for (const { tree } of committed) if (tree && !isActive(tree.executionId)) this.#actors.delete(tree.executionId);
  }

  /** Nothing of the tick was stored, and what is in memory is given up. */
  discard(): void {
    this.forgetTick();
    this.#actors.clear();
    this.#root = undefined;
  }

  /** Nothing of the tick was stored. */
  forgetTick(): void {
    this.#noted = new Map();
    this.#orchestrated = [];
    this.#committed = [];
  }

  #watchOne<Context, Event extends { type: string }, Input>(
    runner: MachineRunner<Context, Event, Input>,
    logic: unknown,
    note: (transition: Transition) => void,
  ): MachineRunner<Context, Event, Input> {
    return {
      ...runner,
      transition: (before, event, effects) => {
        const after = runner.transition(before, event, effects);
        note({ order: ++this.#order, logic: logic as AnyStateMachine, event, before, after });
        return after;
      },
    };
  }

  #note(transition: Transition): void {
    const noted = this.#noted.get(transition.event);
    if (noted) noted.push(transition);
    else this.#noted.set(transition.event, [transition]);
  }

  /** @param settled by address of the parent: who told it last that it has settled, oldest first */
  #tell({ address, entry, transition, tree }: Committed, settled: Map<string, InspectedActor[]>): void {
    const publish = (event: InspectionEvent): void => this.#send(event);
    const [, event, state] = entry;
    const actor = transition ? this.#require(address, transition, tree) : tree && this.#actors.get(tree.executionId)?.get(address);
    if (!actor) return;
    const source = fromParent.has(event.type) ? actor.parent : event.type.endsWith('.settled') ? settled.get(address)?.shift() : undefined;
    actor.receive(event, source, publish);
    if (transition?.before.status === 'active') this.#replay(actor, transition);
    else if (!transition && state !== null) actor.move(toBroken(actor, event, state), event, publish);
    if (transition && transition.before !== transition.after && transition.after.status === 'done' && actor.parent) {
      const { sessionId } = actor.parent;
      settled.set(sessionId, [...(settled.get(sessionId) ?? []), actor]);
    }
  }

  #replay(actor: InspectedActor, { before, event, after }: Transition): void {
    const publish = (inspection: InspectionEvent): void => this.#send(inspection);
    try {
      if (actor.replay(before, event, after, publish)) return;
      this.#logger.error({ address: actor.sessionId, event, stored: after.value }, 'XState comes to another state than was stored');
    } catch (error) {
      this.#logger.error({ err: error, address: actor.sessionId, event }, 'XState could not take a stored transition once more');
      actor.move(after, event, publish);
    }
  }

  #require(address: string, { logic, before }: Transition, tree: FlowTree | undefined): InspectedActor {
    if (!tree) return this.#requireRoot(logic, before);
    const known = this.#actors.get(tree.executionId)?.get(address);
    if (known) return known;
    return this.#announce(tree, address, logic, before);
  }

  #requireRoot(logic: AnyStateMachine, before: Snapshot<unknown>): InspectedActor {
    if (!this.#root) {
      this.#root = new InspectedActor(rootAddress, logic, undefined, before);
      this.#root.announce(event => this.#send(event));
    }
    return this.#root;
  }

  #announce(tree: FlowTree, address: string, logic: AnyStateMachine, before: Snapshot<unknown>): InspectedActor {
    const actor = new InspectedActor(address, logic, this.#findParent(tree, address), before);
    const actors = this.#actors.get(tree.executionId) ?? new Map<string, InspectedActor>();
    this.#actors.set(tree.executionId, actors.set(address, actor));
    actor.announce(event => this.#send(event));
    return actor;
  }

  /** A flow that was read back may be heard of first through one of its steps. */
  #findParent(tree: FlowTree, address: string): InspectedActor | undefined {
    const flowAddress = toAddress(tree.executionId, '');
    if (address === flowAddress) return this.#root;
    const actors = this.#actors.get(tree.executionId);
    const above = actors?.get(address.slice(0, address.lastIndexOf('/')));
    return above ?? actors?.get(flowAddress) ?? this.#announce(tree, flowAddress, flowMachine as unknown as AnyStateMachine, tree.flow);
  }

  /** Whoever watches cannot stop the flows. */
  #send(event: InspectionEvent): void {
    try {
      this.#inspect(event);
    } catch (error) {
      this.#logger.error({ err: error, type: event.type }, 'the `inspect` function threw');
    }
  }
}

/** What `breakTree` makes of an actor, without asking its machine. */
function toBroken(actor: InspectedActor, event: { readonly type: string }, state: string): Snapshot<unknown> {
  const context = actor.getSnapshot().context as object;
  return { value: state, context: { ...context, ...('failure' in event && { failure: event.failure }) }, status: 'done' };
}
