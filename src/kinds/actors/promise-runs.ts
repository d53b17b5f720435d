import { computeBackoff } from '../../core/backoff.ts';
import { FlowError } from '../../core/errors.ts';
import { countInterruption } from '../../core/interruptions.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { describeValue } from '../../core/wording.ts';
import { toDueAt } from './tree-timers.ts';

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
