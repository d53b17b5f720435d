import type { ActorRef, AnyActorLogic, AnyActorRef, AnyMachineSnapshot, EventObject, Snapshot } from 'xstate';
import { waitFor } from 'xstate';
import { FlowError, quietly } from '../../core/errors.ts';
import { requireDepth } from '../../core/json.ts';
import { describeValue } from '../../core/wording.ts';
import type { Look } from './actor-look.ts';
import type { ActorCommand } from './actor-commands.ts';
import type { AnySnapshot } from './xstate-internals.ts';
import { isMachine, isOwnEvent, outsideSystem, refMark, routeEvent, symbolObservable } from './xstate-internals.ts';

export interface Subscription {
  unsubscribe(): void;
}

export interface ActorObserver<Seen> {
  readonly next?: (value: Seen) => void;
  readonly error?: (error: unknown) => void;
  readonly complete?: () => void;
}

/** What a selection shows now, and as it changes. */
export interface Selection<Selected> {
  get(): Selected;
  subscribe(observer: ActorObserver<Selected> | ((selected: Selected) => void)): Subscription;
}

/**
 * A handle on a durable actor. It is an `ActorRef` of XState: what takes one takes it, as `useSelector` of `@xstate/react`, `waitFor`, `toPromise` do.
 *
 * It shows what has been committed, and between two commits the same object. An actor that only waits is not in memory; its
 * handle is, as long as somebody holds it.
 */
export class DurableActor<Shown extends Snapshot<unknown> = AnyMachineSnapshot, Sent extends EventObject = EventObject, Emitted extends EventObject = EventObject> implements ActorRef<Shown, Sent, Emitted> {
  /** Its path: `order-17`, `order-17/payment`. */
  readonly address: string;
  readonly id: string;
  /** One incarnation: an actor that takes this one's place under its id has another. */
  readonly sessionId: string;
  readonly ref = this;
  /** Empty: whoever has a `systemId` is found from inside a machine, by its own `system`. */
  readonly system: AnyActorRef['system'] = outsideSystem;
  readonly #rootId: string;
  readonly #src: string | undefined;
  readonly #command: (command: ActorCommand) => Promise<unknown>;
  #snapshot: AnySnapshot;
  readonly #watched: (isWatched: boolean) => void;
  readonly #observers = new Set<{ readonly observer: ActorObserver<Shown> }>();
  readonly #listeners = new Map<string, Set<(event: EventObject) => void>>();
  readonly #waiting = new Set<(error: Error) => void>();

  constructor({ id, address, session, src, snapshot }: Look, command: (command: ActorCommand) => Promise<unknown>, watched: (isWatched: boolean) => void) {
    this.#watched = watched;
    this.#rootId = id;
    this.address = address;
    this.id = address.slice(address.lastIndexOf('/') + 1);
    this.sessionId = session;
    this.#src = src;
    this.#snapshot = snapshot;
    this.#command = command;
  }

  /** What was committed last. */
  getSnapshot(): Shown {
    return this.#snapshot as unknown as Shown;
  }

  /** In XState's own form, as `createActor(machine, { snapshot })` takes it. Delayed events are not part of that form. */
  getPersistedSnapshot(): Snapshot<unknown> {
    const { machine } = this.#snapshot as { machine?: unknown };
    return isMachine(machine) ? machine.getPersistedSnapshot(this.#snapshot as never) : this.#snapshot;
  }

  /** The machine of a root; of a child the name that its parent has its logic by. */
  get src(): string | AnyActorLogic {
    const { machine } = this.#snapshot as { machine?: unknown };
    return this.#src ?? (isMachine(machine) ? machine : this.id);
  }

  /**
   * Sends an event. Resolves after the commit, when the snapshot has changed; false: the actor had ended.
   *
   * @throws a `FlowError` with code `actor_value_not_json` or `value_not_json` when the event, or what it led to, cannot be stored, `option_invalid` when it is no event, `event_reserved` when it is one of XState's own; nothing has happened then
   */
  readonly send = async (event: Sent): Promise<boolean> =>
    (await this.#command({ type: 'event', id: this.#rootId, session: this.sessionId, event: requireEvent(event), called: true })) as boolean;

  /** Nothing is left to do: a durable actor has begun when there is a handle on it. */
  start(): this {
    return this;
  }

  /** Ends the actor, and all actors below it; false: it had ended. @throws a `FlowError` with code `actor_not_root` on an actor below another */
  async stop(): Promise<boolean> {
    if (this.address !== this.#rootId) throw new FlowError('actor_not_root', `Expected a root actor to stop, got \`${this.address}\`: what is below one is ended by its machine, or with \`${this.#rootId}\``);
    return (await this.#command({ type: 'stop', id: this.#rootId, session: this.sessionId })) as boolean;
  }

  /** Calls back with each committed snapshot. */
  subscribe(observer: ActorObserver<Shown> | ((snapshot: Shown) => void), error?: (error: unknown) => void, complete?: () => void): Subscription {
    const given: ActorObserver<Shown> = typeof observer === 'function' ? { next: observer, ...(error && { error }), ...(complete && { complete }) } : observer;
    const { status, error: reason } = this.#snapshot;
    const one = { observer: given };
    if (status === 'active') this.#observers.add(one);
    else if (status === 'error') given.error?.(reason);
    else given.complete?.();
    return this.#watch(() => this.#observers.delete(one));
  }

  /** A part of the snapshot: what it is, and a call each time it becomes another. Compared with `Object.is` unless told how. */
  select<Selected>(selector: (snapshot: Shown) => Selected, isEqual: (before: Selected, now: Selected) => boolean = Object.is): Selection<Selected> {
    return {
      get: () => selector(this.getSnapshot()),
      subscribe: observer => {
        const tell = typeof observer === 'function' ? observer : (selected: Selected) => observer.next?.(selected);
        let before = selector(this.getSnapshot());
        return this.subscribe(snapshot => {
          const now = selector(snapshot);
          if (isEqual(before, now)) return;
          before = now;
          tell(now);
        });
      },
    };
  }

  /** Calls back with emitted events of this type; `*`: all. */
  on<Type extends Emitted['type'] | '*'>(type: Type, listener: (event: Emitted & (Type extends '*' ? unknown : { readonly type: Type })) => void): Subscription {
    const of = this.#listeners.get(type) ?? new Set();
    const one = (event: EventObject): void => listener(event as never);
    this.#listeners.set(type, of.add(one));
    return this.#watch(() => of.delete(one));
  }

  /**
   * As XState's `waitFor`.
   *
   * @throws a `FlowError` with code `runtime_stopped` when the runtime stops before, whatever becomes of the actor
   */
  waitFor(predicate: (snapshot: Shown) => boolean, options?: { readonly timeout?: number; readonly signal?: AbortSignal }): Promise<Shown> {
    const { promise, resolve, reject } = Promise.withResolvers<Shown>();
    const stop = (error: Error): void => {
      void quietly(promise);
      reject(error);
    };
    this.#waiting.add(stop);
    const seen = waitFor(this as never, predicate as never, options as never) as unknown as Promise<Shown>;
    seen.finally(() => this.#waiting.delete(stop)).then(resolve, reject);
    return promise;
  }

  /** Nothing more will be told of it: its runtime has stopped or stands still. */
  abandon(error: Error): void {
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
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
    for (const { observer } of this.#observers) {
      guard(() => {
        if (snapshot.status !== 'error') observer.next?.(snapshot as unknown as Shown);
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

  /** For RxJS and others that take what can be observed. */
  declare readonly [Symbol.observable]: () => this;
  [symbolObservable](): this {
    return this;
  }

  /** What stands for it in a machine's context. */
  toJSON(): object {
    return { [refMark]: 1, id: this.id, address: this.address };
  }
}

export function requireEvent<Sent extends EventObject>(event: Sent): Sent {
  if (typeof (event as Partial<EventObject> | null | undefined)?.type === 'string') {
    if (isOwnEvent(event) && event.type !== routeEvent) throw new FlowError('event_reserved', `Expected an event of the machine's own, got \`${event.type}\`: events that begin with \`xstate.\` are XState's, and stand for things that have not happened`);
    requireDepth(event, 'event');
    return event;
  }
  throw new FlowError('option_invalid', `Expected an event to be an object with a text as its \`type\`, got ${describeValue(event)}`);
}
