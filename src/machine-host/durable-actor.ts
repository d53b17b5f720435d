import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { waitFor } from 'xstate';
import type { Look } from './machine-participant.ts';
import type { ActorCommand } from './actor-commands.ts';
import type { AnySnapshot } from './xstate-internals.ts';
import { refMark } from './xstate-internals.ts';

export interface Subscription {
  unsubscribe(): void;
}

export interface ActorObserver<Seen> {
  readonly next?: (value: Seen) => void;
  readonly error?: (error: unknown) => void;
  readonly complete?: () => void;
}

/**
 * A handle on a durable actor, shaped like an `ActorRef` of XState: `useSelector` of `@xstate/react` and `waitFor` take it.
 *
 * It shows what has been committed. An actor that only waits is not in memory; its handle is, as long as somebody holds it.
 */
export class DurableActor<Shown = AnyMachineSnapshot, Sent extends EventObject = EventObject> {
  /** Its path: `order-17`, `order-17/payment`. */
  readonly address: string;
  readonly id: string;
  /** One incarnation: an actor that takes this one's place under its id has another. */
  readonly sessionId: string;
  readonly ref = this;
  readonly #rootId: string;
  readonly #command: (command: ActorCommand) => Promise<unknown>;
  #snapshot: AnySnapshot;
  readonly #watched: (isWatched: boolean) => void;
  readonly #observers = new Set<ActorObserver<Shown>>();
  readonly #listeners = new Map<string, Set<(event: EventObject) => void>>();

  constructor({ id, address, session, snapshot }: Look, command: (command: ActorCommand) => Promise<unknown>, watched: (isWatched: boolean) => void) {
    this.#watched = watched;
    this.#rootId = id;
    this.address = address;
    this.id = address.slice(address.lastIndexOf('/') + 1);
    this.sessionId = session;
    this.#snapshot = snapshot;
    this.#command = command;
  }

  /** What was committed last. */
  getSnapshot(): Shown {
    return this.#snapshot as Shown;
  }

  /**
   * Sends an event. Resolves after the commit, when the snapshot has changed; false: the actor had ended.
   *
   * @throws a `FlowError` with code `actor_value_not_json` when the event, or what it led to, cannot be stored; nothing has happened then
   */
  readonly send = async (event: Sent): Promise<boolean> =>
    (await this.#command({ type: 'event', id: this.#rootId, session: this.sessionId, event, called: true })) as boolean;

  /** Ends the actor, and all actors below it. Roots only. */
  async stop(): Promise<void> {
    await this.#command({ type: 'stop', id: this.#rootId });
  }

  /** Calls back with each committed snapshot. */
  subscribe(observer: ActorObserver<Shown> | ((snapshot: Shown) => void), error?: (error: unknown) => void, complete?: () => void): Subscription {
    const one: ActorObserver<Shown> = typeof observer === 'function' ? { next: observer, ...(error && { error }), ...(complete && { complete }) } : observer;
    const { status, error: reason } = this.#snapshot;
    if (status === 'active') this.#observers.add(one);
    else if (status === 'error') one.error?.(reason);
    else one.complete?.();
    return this.#watch(() => this.#observers.delete(one));
  }

  /** Calls back with emitted events of this type; `*`: all. */
  on(type: string, listener: (event: EventObject & Record<string, unknown>) => void): Subscription {
    const of = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, of.add(listener as (event: EventObject) => void));
    return this.#watch(() => of.delete(listener as (event: EventObject) => void));
  }

  /** As XState's `waitFor`. */
  waitFor(predicate: (snapshot: Shown) => boolean, options?: { readonly timeout?: number; readonly signal?: AbortSignal }): Promise<Shown> {
    return waitFor(this as never, predicate as never, options as never) as Promise<Shown>;
  }

  /** Whoever watches need not hold the handle. */
  #watch(leave: () => boolean): Subscription {
    const tell = (): void => this.#watched(this.#observers.size > 0 || [...this.#listeners.values()].some(({ size }) => size > 0));
    tell();
    return {
      unsubscribe: () => {
        leave();
        tell();
      },
    };
  }

  /** Called after a commit that this actor had no part in: what it shows of its children is of the tree that is now in memory. */
  renew(snapshot: AnySnapshot): void {
    this.#snapshot = snapshot;
  }

  /** Called after a commit. */
  show(snapshot: AnySnapshot, logger: (error: unknown) => void): void {
    this.#snapshot = snapshot;
    const guard = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        logger(error);
      }
    };
    for (const observer of this.#observers) {
      guard(() => {
        if (snapshot.status !== 'error') observer.next?.(snapshot as Shown);
        if (snapshot.status === 'error') observer.error?.(snapshot.error);
        else if (snapshot.status !== 'active') observer.complete?.();
      });
    }
    if (snapshot.status === 'active') return;
    this.#observers.clear();
    this.#watched(false);
  }

  /** Called after a commit. */
  hear(event: EventObject, logger: (error: unknown) => void): void {
    for (const listener of [...(this.#listeners.get(event.type) ?? []), ...(this.#listeners.get('*') ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        logger(error);
      }
    }
  }

  /** What stands for it in a machine's context. */
  toJSON(): object {
    return { [refMark]: 1, id: this.id, address: this.address };
  }
}
