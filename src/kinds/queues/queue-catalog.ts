import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue, didYouMean } from '../../core/wording.ts';
import type { Queue } from './define-queue.ts';
import { defineQueue } from './define-queue.ts';
import type { PublishOptions, QueueRuntimeOptions } from './queue-api.ts';
import type { PublishRequest } from './queue-commands.ts';
import { applySettings } from './queue-settings.ts';
import { parseDuration } from '../../core/duration.ts';
import { createExecutionId } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { validateAtOnce } from '../../core/standard-schema.ts';
import { toPriority } from './priority.ts';
import { describeIssues } from './run-message.ts';

export interface CatalogEnvironment {
  readonly clock: Clock;
  readonly maxOutputBytes: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The queues a process knows, with what its deployment sets. */
export class QueueCatalog {
  readonly #options: QueueRuntimeOptions;
  readonly #environment: CatalogEnvironment;
  readonly #declared = new Map<string, Queue>();
  readonly #resolved = new WeakMap<Queue, Queue>();
  readonly #defaults = new Map<string, Queue>();

  constructor(options: QueueRuntimeOptions, environment: CatalogEnvironment) {
    this.#options = options;
    this.#environment = environment;
    for (const queue of options.queues ?? []) this.#declare(queue);
  }

  get names(): readonly string[] {
    return [...this.#declared.keys()];
  }

  #declare(queue: Queue): Queue {
    if (typeof queue !== 'object' || queue === null || typeof queue.backoff !== 'object') throw new FlowError('queue_invalid', `Expected a queue made with \`defineQueue\`, got ${describeValue(queue)}`);
    const resolved = applySettings(queue, this.#options.queueSettings?.[queue.name], this.#environment.environment);
    this.#resolved.set(queue, resolved);
    if (!this.#declared.has(queue.name)) this.#declared.set(queue.name, resolved);
    return resolved;
  }

  /** One that is not declared here goes by the defaults: another process may have published to it. */
  find(name: string): Queue {
    const known = this.#declared.get(name) ?? this.#defaults.get(name);
    if (known) return known;
    const queue = applySettings(defineQueue({ name }), this.#options.queueSettings?.[name], this.#environment.environment);
    this.#defaults.set(name, queue);
    return queue;
  }

  /** @throws a `FlowError` with code `queue_unknown` or `queue_invalid` */
  resolve<Payload>(queue: Queue<Payload, string, unknown> | string): Queue {
    if (typeof queue !== 'string') return this.#resolved.get(queue) ?? this.#declare(queue);
    const known = this.#declared.get(queue);
    if (known) return known;
    throw new FlowError('queue_unknown', `Expected the name of a queue this runtime knows, got "${queue}"${didYouMean(queue, this.#declared.keys())}. Pass it in \`queues\`, or the queue itself`);
  }

  /** @param source the step that publishes, or null */
  toRequest<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions = {}, source: string | null = null): PublishRequest {
    const { clock, maxOutputBytes } = this.#environment;
    // What another database calls its queues is its own affair.
    const resolved = typeof queue === 'string' && options?.at !== undefined ? this.find(queue) : this.resolve(queue);
    if (options?.at !== undefined && !this.#options.remotes?.[options.at]) {
      throw new FlowError('remote_unknown', `Expected \`at\` to be the name of another database in \`remotes\`, got ${describeValue(options.at)}${didYouMean(String(options.at), Object.keys(this.#options.remotes ?? {}))}`);
    }
    return createRequest(resolved, payload, options, { now: clock.now(), maxBytes: maxOutputBytes, source });
  }
}

const maxTextLength = 2_000;
const optionKeys: KeysOf<PublishOptions> = { priority: true, delay: true, idempotencyKey: true, correlationId: true, partitionKey: true, to: true, version: true, at: true };

/**
 * Checks a publish and makes ready what is stored of it.
 *
 * @param source the step that publishes, or null
 * @throws a `FlowError` with code `payload_invalid`, `value_not_json`, `value_too_large` or `option_invalid`
 */
function createRequest(queue: Queue, payload: unknown, options: PublishOptions, context: { readonly now: number; readonly maxBytes: number; readonly source: string | null }): PublishRequest {
  const { priority, delay, to = 'one', version = queue.version } = requireKnownKeys(options, optionKeys, 'a publish');
  const { schema, maxPayloadBytes } = queue;
  const json = encodeJson(payload, { maxBytes: Math.min(maxPayloadBytes, context.maxBytes), name: 'payload' });
  if (!Number.isSafeInteger(version) || version < 1) throw new FlowError('option_invalid', `Expected \`version\` to be an integer ≥ 1, got ${describeValue(version)}`);
  if (schema && version === queue.version) {
    const { issues } = validateAtOnce(schema, JSON.parse(json), `queue "${queue.name}"`);
    if (issues) throw new FlowError('payload_invalid', `The payload does not fit the schema of queue "${queue.name}": ${describeIssues(issues)}`, { details: { queue: queue.name } });
  }
  return {
    messageId: createExecutionId(context.now),
    queue: queue.name,
    payload: json,
    version,
    priority: priority === undefined ? queue.priority : toPriority(priority),
    delayMs: delay === undefined ? 0 : parseDuration(delay, 'delay'),
    idempotencyKey: readText('idempotencyKey', options.idempotencyKey),
    dedupeWindowMs: queue.dedupeWindowMs,
    correlationId: readText('correlationId', options.correlationId),
    partitionKey: readText('partitionKey', options.partitionKey),
    to: readTarget(to),
    maxAttempts: queue.maxAttempts,
    maxInterruptions: queue.maxInterruptions,
    source: context.source,
    at: readText('at', options.at),
    relayed: false,
  };
}

function readText(name: string, value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value !== '' && value.length <= maxTextLength && value.isWellFormed()) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be a text of 1 to ${maxTextLength} characters without halves of surrogate pairs, got ${describeValue(value)}`);
}

function readTarget(to: PublishOptions['to']): PublishRequest['to'] {
  if (to === 'one') return null;
  if (to === 'all') return 'all';
  if (typeof to === 'object' && to !== null) return { instance: requireInstance('to.instance', requireKnownKeys(to, { instance: true }, '`to`').instance) };
  throw new FlowError('option_invalid', `Expected \`to\` to be one, all or { instance }, got ${describeValue(to)}`);
}

/** @throws a `FlowError` with code `option_invalid` */
export function requireInstance(name: string, value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$/.test(value)) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be letters, digits, \`_\`, \`-\`, \`.\` and \`:\`, beginning with a letter, digit or \`_\`, at most 100, got ${describeValue(value)}`);
}
