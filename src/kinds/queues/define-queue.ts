import { durationExpected, maxDurationMs, toDurationMs } from '../../core/duration.ts';
import { FlowError } from '../../core/errors.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { isStandardSchema, type SchemaInput, type SchemaOutput, type StandardSchema } from '../../core/standard-schema.ts';
import { describeValue } from '../../core/wording.ts';
import type { Duration, Priority, Queue, Upgrade } from '../contract/publishing.ts';
import { toPriority } from './priority.ts';

export type { Duration, Queue, Upgrade } from '../contract/publishing.ts';

/** When a failed message is tried again. */
export interface QueueBackoff {
  /** Wait before the second attempt. Default 1 s. */
  readonly initialInterval?: Duration;
  /** Factor from one wait to the next, 1 or more. Default 2. */
  readonly backoffCoefficient?: number;
  /** Longest wait. Default 100 × the initial interval. */
  readonly maxInterval?: Duration;
  /** `full`: anything between 0 and the wait; `none`: the wait itself. Default `full`. */
  readonly jitter?: 'full' | 'none';
}

export interface QueueOptions<Payload extends StandardSchema = StandardSchema, Name extends string = string> {
  /** Letters, digits, `_`, `-` and `.`; at most 100 characters. */
  readonly name: Name;
  /** Of any library that follows Standard Schema, answering at once. Checked when a message is published, and again before it is handled. */
  readonly schema?: Payload;
  /** Version of the payload's form, 1 or more. Default 1. */
  readonly version?: number;
  /** By the version they take: `{ 1: old => new }` lifts 1 to 2. A version that cannot be lifted goes to the dead letters. */
  readonly upgrades?: { readonly [version: number]: Upgrade };
  /** Workers of a consumer that does not say. Default 1. */
  readonly workers?: number;
  /** Of messages that do not say. Default `normal`. */
  readonly priority?: Priority;
  /** Attempts that may fail before a message is dead, 1 or more. Default 3. */
  readonly maxAttempts?: number;
  /** Workers that may die with a message before it is dead, 1 or more. Default 5. */
  readonly maxInterruptions?: number;
  readonly backoff?: QueueBackoff;
  /** How long a worker may be silent about a message before another gets it, ms. Default 30,000. */
  readonly visibilityTimeoutMs?: number;
  /** How long settled messages are kept; null: for ever. Default 7 days for completed, 30 days for dead ones. */
  readonly retention?: { readonly completed?: Duration | null; readonly dead?: Duration | null };
  /** How long an idempotency key is remembered. Default 1 day. */
  readonly dedupeWindow?: Duration;
  /** Waiting this long is worth one level of priority; null: nothing ages. Default 1 minute. */
  readonly ageing?: Duration | null;
  /** Largest payload, bytes of JSON. Default 1 MiB; what the runtime takes at most is its `maxOutputBytes`. */
  readonly maxPayloadBytes?: number;
  /** Messages that may be unsettled at the same time; further ones are refused. Default 1,000,000. */
  readonly maxDepth?: number;
}

const second = 1_000;
const day = 86_400_000;
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const keys: KeysOf<QueueOptions> = {
  name: true, schema: true, version: true, upgrades: true, workers: true, priority: true, maxAttempts: true, maxInterruptions: true, backoff: true, visibilityTimeoutMs: true,
  retention: true, dedupeWindow: true, ageing: true, maxPayloadBytes: true, maxDepth: true,
};
const backoffKeys: KeysOf<QueueBackoff> = { initialInterval: true, backoffCoefficient: true, maxInterval: true, jitter: true };
const retentionKeys: KeysOf<Required<QueueOptions>['retention']> = { completed: true, dead: true };

/**
 * Declares a queue, checked and with every default filled in.
 *
 * @example
 * ```ts
 * import { defineQueue } from 'flowstone';
 * import { z } from 'zod';
 *
 * const mails = defineQueue({ name: 'mails', schema: z.object({ to: z.string(), text: z.string() }), workers: 2 });
 * ```
 *
 * @throws a `FlowError` with code `queue_invalid`
 */
export function defineQueue<Payload extends StandardSchema = StandardSchema, const Name extends string = string>(options: QueueOptions<Payload, Name>): Queue<SchemaOutput<Payload>, Name, SchemaInput<Payload>> {
  if (typeof options !== 'object' || options === null) throw refuse('a queue', 'to be an object with a `name`', options);
  const { name, schema, version = 1, upgrades = {}, workers = 1, backoff = {}, retention = {} } = options;
  const { maxAttempts = 3, maxInterruptions = 5, visibilityTimeoutMs = 30 * second, maxPayloadBytes = 1_048_576, maxDepth = 1_000_000 } = options;
  if (typeof name !== 'string' || !namePattern.test(name)) throw refuse('`name`', 'to be letters, digits, `_`, `-` and `.`, beginning with a letter, digit or `_`, at most 100', name);
  const where = `queue "${name}": \``;
  requireKnownKeys<QueueOptions>(options, keys, `queue "${name}"`, 'queue_invalid');
  requireKnownKeys(backoff, backoffKeys, `\`backoff\` of queue "${name}"`, 'queue_invalid');
  requireKnownKeys(retention, retentionKeys, `\`retention\` of queue "${name}"`, 'queue_invalid');
  const counts = { version, workers, maxAttempts, maxInterruptions, visibilityTimeoutMs, maxPayloadBytes, maxDepth };
  for (const [key, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) throw refuse(`${where}${key}\``, 'to be an integer ≥ 1', value);
  }
  if (schema !== undefined && !isStandardSchema(schema)) throw refuse(`${where}schema\``, 'to be a schema of zod, Valibot, ArkType or another library that follows Standard Schema', schema);
  for (const [from, upgrade] of Object.entries(upgrades)) {
    if (!/^[1-9]\d*$/.test(from) || Number(from) >= version) throw refuse(`${where}upgrades\``, `to lift versions below ${version}`, from);
    if (typeof upgrade !== 'function') throw refuse(`${where}upgrades[${from}]\``, 'to be a function', upgrade);
  }
  const initialIntervalMs = readDuration(`${where}backoff.initialInterval\``, backoff.initialInterval ?? second);
  const { backoffCoefficient = 2, jitter = 'full' } = backoff;
  if (typeof backoffCoefficient !== 'number' || !(backoffCoefficient >= 1)) throw refuse(`${where}backoff.backoffCoefficient\``, 'to be a number ≥ 1', backoffCoefficient);
  if (jitter !== 'full' && jitter !== 'none') throw refuse(`${where}backoff.jitter\``, 'to be `full` or `none`', jitter);
  const maxIntervalMs = readDuration(`${where}backoff.maxInterval\``, backoff.maxInterval ?? Math.min(initialIntervalMs * 100, maxDurationMs));
  return Object.freeze({
    name,
    schema: schema as StandardSchema<SchemaInput<Payload>, SchemaOutput<Payload>> | undefined,
    upgrades: { ...upgrades },
    ...counts,
    priority: toPriority(options.priority ?? 'normal', `queue "${name}": priority`),
    backoff: { maxAttempts, initialIntervalMs, backoffCoefficient, maxIntervalMs, jitter, nonRetryable: [] },
    retention: {
      completedMs: readLimit(`${where}retention.completed\``, retention.completed, 7 * day),
      deadMs: readLimit(`${where}retention.dead\``, retention.dead, 30 * day),
    },
    dedupeWindowMs: readDuration(`${where}dedupeWindow\``, options.dedupeWindow ?? day),
    ageingMs: readLimit(`${where}ageing\``, options.ageing, 60 * second, 1),
  });
}

function readLimit(name: string, value: Duration | null | undefined, otherwise: number, least = 0): number | null {
  if (value === null) return null;
  const ms = readDuration(name, value ?? otherwise);
  if (ms < least) throw refuse(name, `to be at least ${least} ms, or null`, value);
  return ms;
}

function readDuration(name: string, value: unknown): number {
  const ms = toDurationMs(value);
  if (ms === undefined) throw refuse(name, `to be ${durationExpected}`, value);
  return ms;
}

function refuse(name: string, expected: string, found: unknown): FlowError {
  return new FlowError('queue_invalid', `Expected ${name} ${expected}, got ${describeValue(found)}`);
}
