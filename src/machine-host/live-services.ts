import type { Logger } from 'pino';
import type { AnyActorLogic, EventObject } from 'xstate';
import type { Clock } from '../core/clock.ts';
import type { ActorTree } from './actor-tree.ts';
import type { PromiseOptions } from './machine-book.ts';
import type { AnySnapshot, Inner, InnerSystem } from './xstate-internals.ts';
import { isObservableEnd, promiseReject, promiseResolve, stopEvent, toKind, toPromiseCreator } from './xstate-internals.ts';

type Tell = (session: string, event: EventObject) => void;
type Begin = (snapshot: AnySnapshot, scope: unknown) => void;
type Take = (snapshot: AnySnapshot, event: EventObject, scope: unknown) => unknown;

/** Promises, callbacks and observables of one tree that run now. They end with the process, and begin again with the next. */
export class LiveServices {
  readonly #clock: Clock;
  readonly #tell: Tell;
  readonly #logger: Logger;
  readonly #running = new Map<string, { readonly receive: (event: EventObject) => void; readonly stop: () => void; readonly isPromise: boolean }>();

  constructor(clock: Clock, tell: Tell, logger: Logger) {
    this.#clock = clock;
    this.#tell = tell;
    this.#logger = logger;
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

  /** @throws what a listener of a callback throws */
  receive(session: string, event: EventObject): void {
    this.#running.get(session)?.receive(event);
  }

  /** Its actor has ended already, so that what its cleanup throws is nobody's but the log's. */
  stop(session: string): void {
    const service = this.#running.get(session);
    this.#running.delete(session);
    try {
      service?.stop();
    } catch (error) {
      this.#logger.error({ err: error, session }, 'the cleanup of a callback or an observable has thrown');
    }
  }

  stopAll(): void {
    for (const session of this.#running.keys()) this.stop(session);
  }

  #startPromise(tree: ActorTree, actor: Inner, logic: AnyActorLogic, { maxAttempts = 1, backoffMs = 1_000, timeoutMs }: PromiseOptions): void {
    const { sessionId } = actor;
    const create = toPromiseCreator(logic);
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
    const { sessionId, _actorScope } = actor;
    const { system } = _actorScope as unknown as { readonly system: InnerSystem };
    const held = { ...actor._snapshot } as AnySnapshot;
    const take = logic.transition as unknown as Take;
    let hasEnded = false;
    const service = {
      receive: (event: EventObject) => void take(held, event, scope),
      // Nothing is to be let go of where nothing is given any more.
      stop: () => void (hasEnded || take(held, { type: stopEvent }, scope)),
      isPromise: false,
    };
    const relay: InnerSystem['_relay'] = (source, target, event) => {
      // What it says after it was stopped reaches nobody.
      if (this.#running.get(sessionId) !== service) return;
      hasEnded ||= isObservableEnd(event);
      system._relay(source, target, event);
    };
    const scope = { ..._actorScope, system: Object.assign(Object.create(system) as InnerSystem, { _relay: relay }) };
    this.#running.set(sessionId, service);
    try {
      (logic.start as unknown as Begin)(held, scope);
    } catch (error) {
      this.#running.delete(sessionId);
      throw error;
    }
  }

  /** Lets go of those whose actors have ended. */
  sweep(isLive: (session: string) => boolean): void {
    for (const session of this.#running.keys()) if (!isLive(session)) this.stop(session);
  }

  /** Callbacks and observables never end by themselves; promises may. */
  stopOthers(): void {
    for (const [session, { isPromise }] of this.#running) if (!isPromise) this.stop(session);
  }
}
