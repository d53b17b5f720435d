import type { AnyActorLogic, EventObject } from 'xstate';
import type { Logger } from '../../core/logger.ts';
import type { Clock } from '../../core/clock.ts';
import { setDeadline } from '../../core/clock.ts';
import { mayBeginAgain, countInterruption } from '../../core/interruptions.ts';
import type { ActorTree } from './actor-tree.ts';
import type { AnySnapshot, Inner, InnerSystem } from './xstate-internals.ts';
import { isObservableEnd, promiseReject, promiseResolve, stopEvent, toKind, toPromiseCreator } from './xstate-internals.ts';
import { computeBackoff } from '../../core/backoff.ts';
import { FlowError } from '../../core/errors.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { describeValue } from '../../core/wording.ts';
import { toDueAt } from './tree-timers.ts';

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

/** How an invoked promise is run. */
export interface PromiseOptions {
  /** Runs before its failure reaches `onError`, 1 or more. Default 1. A run cut off by a crash is not counted. */
  readonly maxAttempts?: number;
  /** Wait before the second run, ms; doubled before each next one, at most 100 times as long. Default 1,000. */
  readonly backoffMs?: number;
  /** A run that takes longer is aborted and has failed, ms. Default: no limit. */
  readonly timeoutMs?: number;
}

/** By the name under which a machine has the promise. */
export type PromiseOptionsByName = Readonly<Record<string, PromiseOptions>>;

/** Where a promise stands; as it is stored with its actor. */
export interface PromiseRun {
  /** 1-based. A run cut off by a crash begins the same attempt again. */
  readonly attempt: number;
  /** When the attempt is to begin, epoch ms; undefined: it runs. */
  readonly dueAt?: number | undefined;
  /** Runs cut off by a crash. */
  readonly interruptions?: number | undefined;
  /** Given back by a runtime that stopped: to be begun again is no interruption then. */
  readonly released?: true | undefined;
}

/** What stands for a promise of which nothing is stored. */
export const firstRun: PromiseRun = { attempt: 1 };

const longestWait = 100;

/** A failed attempt is followed by another, after a wait. */
export const retryRun = ({ attempt, interruptions }: PromiseRun, { backoffMs = 1_000 }: PromiseOptions, now: number): PromiseRun => ({
  attempt: attempt + 1,
  dueAt: toDueAt(now, computeBackoff({ maxAttempts: Infinity, initialIntervalMs: backoffMs, backoffCoefficient: 2, maxIntervalMs: backoffMs * longestWait, jitter: 'none', nonRetryable: [] }, attempt, 0)),
  interruptions,
});

/** Another process goes on with what an earlier one had begun. */
export const takeOverRun = ({ attempt, interruptions = 0, released }: PromiseRun): PromiseRun => ({ attempt, ...(released ? { interruptions } : countInterruption({ interruptions })) });

/** The promises of one tree of which more is known than that they run for the first time, by session. */
export class PromiseRuns {
  readonly #runs = new Map<string, PromiseRun>();
  readonly #changed: (session: string) => void;
  /** Null: to be looked for. */
  #earliest: number | null | undefined;

  constructor(changed: (session: string) => void) {
    this.#changed = changed;
  }

  get(session: string): PromiseRun | undefined {
    return this.#runs.get(session);
  }

  set(session: string, run: PromiseRun): void {
    this.#runs.set(session, run);
    this.#earliest = null;
    this.#changed(session);
  }

  delete(session: string): void {
    if (this.#runs.delete(session)) this.#earliest = null;
  }

  isWaiting(session: string): boolean {
    return this.#runs.get(session)?.dueAt !== undefined;
  }

  /** When the next attempt is to begin, epoch ms. */
  get dueAt(): number | undefined {
    if (this.#earliest !== null) return this.#earliest;
    let earliest: number | undefined;
    for (const { dueAt } of this.#runs.values()) if (dueAt !== undefined && (earliest === undefined || dueAt < earliest)) earliest = dueAt;
    return (this.#earliest = earliest);
  }

  /** Begins the attempts that are due; false: none is. */
  beginDue(now: number): boolean {
    if (this.dueAt === undefined || this.dueAt > now) return false;
    for (const [session, { dueAt, ...run }] of this.#runs) if (dueAt !== undefined && dueAt <= now) this.set(session, run);
    return true;
  }
}

/** @throws a `FlowError` with code `option_invalid` */
export function requirePromiseOptions(given: unknown): PromiseOptionsByName | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) throw new FlowError('option_invalid', `Expected \`promises\` to be options by the names of promises, got ${describeValue(given)}`);
  for (const [name, options] of Object.entries(given as Record<string, Record<string, unknown> | null>)) {
    if (options) requireKnownKeys<PromiseOptions>(options as PromiseOptions, { maxAttempts: true, backoffMs: true, timeoutMs: true }, `\`promises.${name}\``);
    for (const [option, isRight, expected] of rules) {
      const value = options?.[option];
      if (value !== undefined && !isRight(value)) throw new FlowError('option_invalid', `Expected \`promises.${name}.${option}\` to be ${expected}, got ${describeValue(value)}`);
    }
  }
  return given as PromiseOptionsByName;
}

const isNumber = (least: number) => (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= least;
const rules: readonly (readonly [string, (value: unknown) => boolean, string])[] = [
  ['maxAttempts', value => Number.isInteger(value) && (value as number) >= 1, 'an integer ≥ 1'],
  ['backoffMs', isNumber(0), 'a number of ms ≥ 0'],
  ['timeoutMs', isNumber(1), 'a number of ms ≥ 1'],
];
