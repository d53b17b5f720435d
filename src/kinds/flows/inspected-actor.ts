import type { ActorRefLike, AnyMachineSnapshot, AnyStateMachine, InspectionEvent } from 'xstate';
import { FlowError } from '../../core/errors.ts';
import type { Snapshot } from '../../core/machine-runner.ts';

/** The address of the root of all actors. */
export const rootAddress = 'orchestrator';

const nothing = (): void => {};

type Scope = Parameters<AnyStateMachine['transition']>[2];

/**
 * A hosted actor as XState's tools expect to see one: an `actorRef` to read, not to talk to.
 *
 * This is the one place that knows what `machine.transition` wants from the actor system around it. The contract test
 * compares what it tells with what a live XState actor tells.
 */
export class InspectedActor implements ActorRefLike {
  /** The actor's address: the same in every process. */
  readonly sessionId: string;
  /** The last part of the address. */
  readonly id: string;
  /** Name of the machine. */
  readonly src: string;
  readonly logic: AnyStateMachine;
  readonly parent: InspectedActor | undefined;
  #snapshot: AnyMachineSnapshot;

  constructor(address: string, logic: AnyStateMachine, parent: InspectedActor | undefined, snapshot: Snapshot<unknown>) {
    this.sessionId = address;
    this.id = address.slice(address.lastIndexOf('/') + 1);
    this.src = logic.id;
    this.logic = logic;
    this.parent = parent;
    this.#snapshot = this.#resolve(snapshot);
  }

  /** As XState's tools call it. */
  get _parent(): InspectedActor | undefined {
    return this.parent;
  }

  getSnapshot(): AnyMachineSnapshot {
    return this.#snapshot;
  }

  getPersistedSnapshot(): unknown {
    return this.logic.getPersistedSnapshot(this.#snapshot);
  }

  /** @throws always: whoever watches does not steer */
  send(): never {
    throw new FlowError('inspection_read_only', `Expected the actor ${this.sessionId} to be watched only. Use the runtime's own \`signal\` and \`cancel\``);
  }

  toJSON(): object {
    return { xstate$$type: 1, id: this.sessionId };
  }

  /** What XState tells when an actor comes to life. */
  announce(publish: (event: InspectionEvent) => void): void {
    const event = { type: 'xstate.init', input: undefined };
    publish({ type: '@xstate.actor', rootId: rootAddress, actorRef: this });
    publish({ type: '@xstate.event', rootId: rootAddress, sourceRef: this.parent, actorRef: this, event });
    publish({ type: '@xstate.snapshot', rootId: rootAddress, actorRef: this, event, snapshot: this.#snapshot });
  }

  /** What XState tells when an event reaches an actor; one that has settled takes none. */
  receive(event: { readonly type: string }, sourceRef: InspectedActor | undefined, publish: (event: InspectionEvent) => void): void {
    publish({ type: '@xstate.event', rootId: rootAddress, sourceRef, actorRef: this, event });
  }

  /**
   * Takes a transition once more, with XState itself, and tells every action and microstep of it.
   *
   * @returns whether XState came to the state that was stored
   */
  replay(before: Snapshot<unknown>, event: { readonly type: string }, after: Snapshot<unknown>, publish: (event: InspectionEvent) => void): boolean {
    const told: InspectionEvent[] = [];
    const next = this.logic.transition(this.#resolve(before), event, this.#createScope(told)) as AnyMachineSnapshot;
    for (const inspection of told) publish(inspection);
    this.move(after, event, publish);
    return next.value === after.value && next.status === after.status;
  }

  /** Tells the state an event led to. */
  move(after: Snapshot<unknown>, event: { readonly type: string }, publish: (event: InspectionEvent) => void): void {
    this.#snapshot = this.#resolve(after);
    publish({ type: '@xstate.snapshot', rootId: rootAddress, actorRef: this, event, snapshot: this.#snapshot });
  }

  #resolve({ value, context, status }: Snapshot<unknown>): AnyMachineSnapshot {
    return this.logic.resolveState({ value, context, status } as Parameters<AnyStateMachine['resolveState']>[0]);
  }

  /** The collector is emptied after the transition: XState may still fill in an action's parameters until then. */
  #createScope(told: InspectionEvent[]): Scope {
    const { sessionId, id } = this;
    const system = {
      _sendInspectionEvent: (event: InspectionEvent) => told.push({ ...event, rootId: rootAddress }),
      _bookId: () => sessionId,
      _register: (address: string) => address,
      _unregister: nothing,
      _set: nothing,
      get: () => undefined,
      getAll: () => ({}),
    };
    const actionExecutor = ({ type, params }: { readonly type: string; readonly params: unknown }): void => {
      told.push({ type: '@xstate.action', rootId: rootAddress, actorRef: this, action: { type, params } });
    };
    return { self: this, id, sessionId, system, logger: nothing, defer: nothing, stopChild: nothing, emit: nothing, actionExecutor } as unknown as Scope;
  }
}
