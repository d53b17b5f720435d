import type { AnyActorLogic, EventObject } from 'xstate';
import type { Logger } from '../../core/logger.ts';
import type { Clock } from '../../core/clock.ts';
import { setDeadline } from '../../core/clock.ts';
import { mayBeginAgain } from '../../core/interruptions.ts';
import type { ActorTree } from './actor-tree.ts';
import type { PromiseOptions, PromiseRun } from './promise-runs.ts';
import type { AnySnapshot, Inner, InnerSystem } from './xstate-internals.ts';
import { isObservableEnd, promiseReject, promiseResolve, stopEvent, toKind, toPromiseCreator } from './xstate-internals.ts';

type Tell = (session: string, event: EventObject) => void;
type Begin = (snapshot: AnySnapshot, scope: unknown) => void;
type Take = (snapshot: AnySnapshot, event: EventObject, scope: unknown) => unknown;

export interface LiveServicesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs cut off by a crash after which a promise has failed. */
  readonly maxInterruptions: number;
  readonly tell: Tell;
  /** An attempt has failed, and is not the last. */
  readonly retry: (session: string, attempt: number) => void;
}

const reject = (data: unknown): EventObject => ({ type: promiseReject, data }) as EventObject;
const createError = (code: 'promise_timeout' | 'promise_interrupted', message: string): Error => Object.assign(new Error(message), { code });

/** Promises, callbacks and observables of one tree that run now. They end with the process, and begin again with the next. */
export class LiveServices {
  readonly #options: LiveServicesOptions;
  readonly #running = new Map<string, { readonly receive: (event: EventObject) => void; readonly stop: () => void; readonly isPromise: boolean }>();

  constructor(options: LiveServicesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  start(tree: ActorTree, actor: Inner, run: PromiseRun, options: PromiseOptions): void {
    if (this.#running.has(actor.sessionId)) return;
    const logic = tree.getOriginal(actor);
    if (toKind(logic) === 'promise') this.#startPromise(tree, actor, logic, run, options);
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
      this.#options.logger.error({ err: error, session }, 'the cleanup of a callback or an observable has thrown');
    }
  }

  /** What it ended with has been taken, and it may begin again. */
  forget(session: string): void {
    this.#running.delete(session);
  }

  stopAll(): void {
    for (const session of this.#running.keys()) this.stop(session);
  }

  /** One attempt: whether another follows, and when, is stored before it begins. */
  #startPromise(tree: ActorTree, actor: Inner, logic: AnyActorLogic, { attempt, interruptions = 0 }: PromiseRun, { maxAttempts = 1, timeoutMs }: PromiseOptions): void {
    const { sessionId } = actor;
    const { clock, tell, retry, maxInterruptions } = this.#options;
    const controller = new AbortController();
    let dropTimeout = (): void => {};
    // It stays among those that run until what it ended with has been taken: it must not be begun again before.
    let hasEnded = false;
    const end = (event: EventObject, isLast = event.type !== promiseReject || attempt >= maxAttempts): void => {
      if (hasEnded || this.#running.get(sessionId) !== service) return;
      hasEnded = true;
      dropTimeout();
      if (isLast) tell(sessionId, event);
      else retry(sessionId, attempt);
    };
    const stop = (): void => {
      if (hasEnded) return;
      dropTimeout();
      controller.abort();
    };
    const service = { receive: () => {}, stop, isPromise: true };
    this.#running.set(sessionId, service);
    if (!mayBeginAgain({ interruptions }, maxInterruptions)) return end(reject(createError('promise_interrupted', `The process ended ${interruptions} times while \`${String(actor.src)}\` was running`)), true);
    const expire = (): void => {
      end(reject(createError('promise_timeout', `Expected \`${String(actor.src)}\` to end within ${timeoutMs} ms`)));
      controller.abort();
    };
    if (timeoutMs !== undefined) dropTimeout = setDeadline(clock, timeoutMs, expire);
    let result: unknown;
    try {
      result = toPromiseCreator(logic)({ input: actor._snapshot.input, system: tree.system, self: actor, signal: controller.signal, emit: actor._actorScope.emit });
    } catch (error) {
      return end(reject(error));
    }
    Promise.resolve(result).then(data => end({ type: promiseResolve, data } as EventObject), (error: unknown) => end(reject(error)));
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
