import type { AnyActorLogic, EventObject } from 'xstate';
import type { Clock } from '../core/clock.ts';
import type { ActorTree } from './actor-tree.ts';
import type { PromiseOptions } from './machine-book.ts';
import type { AnySnapshot, Inner } from './xstate-internals.ts';
import { promiseReject, promiseResolve, stopEvent, toKind } from './xstate-internals.ts';

type Tell = (session: string, event: EventObject) => void;
type Begin = (snapshot: AnySnapshot, scope: unknown) => void;
type Take = (snapshot: AnySnapshot, event: EventObject, scope: unknown) => unknown;

/** Promises, callbacks and observables of one tree that run now. They end with the process, and begin again with the next. */
export class LiveServices {
  readonly #clock: Clock;
  readonly #tell: Tell;
  readonly #running = new Map<string, { readonly receive: (event: EventObject) => void; readonly stop: () => void; readonly isPromise: boolean }>();

  constructor(clock: Clock, tell: Tell) {
    this.#clock = clock;
    this.#tell = tell;
  }

  get size(): number {
    return this.#running.size;
  }

  start(tree: ActorTree, actor: Inner, options: PromiseOptions = {}): void {
    if (this.#running.has(actor.sessionId)) return;
    const logic = tree.getOriginal(actor);
    if (toKind(logic) === 'promise') this.#startPromise(tree, actor, logic, options);
    else this.#startOther(actor, logic);
  }

  receive(session: string, event: EventObject): void {
    this.#running.get(session)?.receive(event);
  }

  stop(session: string): void {
    const service = this.#running.get(session);
    this.#running.delete(session);
    service?.stop();
  }

  stopAll(): void {
    for (const session of this.#running.keys()) this.stop(session);
  }

  #startPromise(tree: ActorTree, actor: Inner, logic: AnyActorLogic, { maxAttempts = 1, backoffMs = 1_000, timeoutMs }: PromiseOptions): void {
    const { sessionId } = actor;
    const create = (logic as unknown as { config: (call: object) => unknown }).config;
    let controller = new AbortController();
    let timer: unknown;
    const clear = (): void => {
      if (timer !== undefined) this.#clock.clearTimer(timer);
      timer = undefined;
    };
    const service = { receive: () => {}, stop: () => (clear(), controller.abort()), isPromise: true };
    this.#running.set(sessionId, service);
    const run = (attempt: number): void => {
      const own = (controller = new AbortController());
      let over = false;
      const end = (event: EventObject): void => {
        if (over || this.#running.get(sessionId) !== service) return;
        over = true;
        clear();
        if (event.type === promiseReject && attempt < maxAttempts) timer = this.#clock.setTimer(() => run(attempt + 1), backoffMs * 2 ** (attempt - 1));
        else {
          this.#running.delete(sessionId);
          this.#tell(sessionId, event);
        }
      };
      if (timeoutMs !== undefined) {
        timer = this.#clock.setTimer(() => {
          end({ type: promiseReject, data: Object.assign(new Error(`Expected \`${String(actor.src)}\` to end within ${timeoutMs} ms`), { code: 'promise_timeout' }) } as EventObject);
          own.abort();
        }, timeoutMs);
      }
      let result: unknown;
      try {
        result = create({ input: actor._snapshot.input, system: tree.system, self: actor, signal: own.signal, emit: actor._actorScope.emit });
      } catch (error) {
        return end({ type: promiseReject, data: error } as EventObject);
      }
      Promise.resolve(result).then(data => end({ type: promiseResolve, data } as EventObject), (data: unknown) => end({ type: promiseReject, data } as EventObject));
    };
    run(1);
  }

  /** A callback or an observable, by XState's own means, on a snapshot of its own to keep its subscription in. */
  #startOther(actor: Inner, logic: AnyActorLogic): void {
    const { sessionId } = actor;
    const scope = actor._actorScope;
    const held = { ...actor._snapshot } as AnySnapshot;
    const take = logic.transition as unknown as Take;
    this.#running.set(sessionId, { receive: event => void take(held, event, scope), stop: () => void take(held, { type: stopEvent }, scope), isPromise: false });
    (logic.start as unknown as Begin)(held, scope);
  }

  /** Forgets those that have ended by themselves. */
  sweep(isLive: (session: string) => boolean): void {
    for (const session of this.#running.keys()) if (!isLive(session)) this.#running.delete(session);
  }

  /** Callbacks and observables never end by themselves; promises may. */
  stopOthers(): void {
    for (const [session, { isPromise }] of this.#running) if (!isPromise) this.stop(session);
  }
}
