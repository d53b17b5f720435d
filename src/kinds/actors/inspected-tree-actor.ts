import type { ActorRefLike, AnyActorLogic, Snapshot } from 'xstate';
import { FlowError } from '../../core/errors.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import type { AnySnapshot, Inner } from './xstate-internals.ts';

/** An actor of a hosted tree as XState's tools expect to see one: an `actorRef` to read, not to talk to. */
export class InspectedTreeActor implements ActorRefLike {
  /** Address and incarnation: the same in every process, and no other actor's. */
  readonly sessionId: string;
  readonly id: string;
  /** Of a root its machine; of a child the name its parent spawned it by. */
  readonly src: unknown;
  readonly systemId: string | undefined;
  /** The logic as it was given, not as it is hosted. */
  readonly logic: AnyActorLogic;
  readonly parent: InspectedTreeActor | undefined;
  #snapshot: AnySnapshot | undefined;

  constructor(inner: Inner, logic: AnyActorLogic, parent: InspectedTreeActor | undefined) {
    this.sessionId = idempotencyKeyOf(inner);
    this.id = inner.id;
    this.src = inner.src;
    this.systemId = inner.systemId;
    this.logic = logic;
    this.parent = parent;
    this.#snapshot = inner._snapshot;
  }

  /** As XState's tools call it. */
  get _parent(): InspectedTreeActor | undefined {
    return this.parent;
  }

  /** The session of the root of its tree. */
  get rootId(): string {
    return this.parent ? this.parent.rootId : this.sessionId;
  }

  /** As it was when the last event was told of it. */
  getSnapshot(): Snapshot<unknown> {
    return this.#snapshot as Snapshot<unknown>;
  }

  getPersistedSnapshot(): unknown {
    return this.logic.getPersistedSnapshot(this.getSnapshot());
  }

  /** Called before an event is told. */
  show(snapshot: AnySnapshot): void {
    this.#snapshot = snapshot;
  }

  /** @throws always: whoever watches does not steer */
  send(): never {
    throw new FlowError('inspection_read_only', `Expected the actor ${this.sessionId} to be watched only. Send to a handle on it: \`runtime.actor\` gives one`);
  }

  toJSON(): object {
    return { xstate$$type: 1, id: this.sessionId };
  }
}
