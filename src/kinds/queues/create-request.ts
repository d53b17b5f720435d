import { parseDuration } from '../../core/duration.ts';
import { FlowError } from '../../core/errors.ts';
import { createExecutionId } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { validateAtOnce } from '../../core/standard-schema.ts';
import { describeValue } from '../../core/wording.ts';
import type { Queue } from './define-queue.ts';
import { toPriority } from './priority.ts';
import type { PublishOptions } from './queue-api.ts';
import type { PublishRequest } from './queue-commands.ts';
import { describeIssues } from './read-payload.ts';

const maxTextLength = 2_000;
const optionKeys: KeysOf<PublishOptions> = { priority: true, delay: true, idempotencyKey: true, correlationId: true, partitionKey: true, to: true, version: true, at: true };

/**
 * Checks a publish and makes ready what is stored of it.
 *
 * @param source the step that publishes, or null
 * @throws a `FlowError` with code `payload_invalid`, `value_not_json`, `value_too_large` or `option_invalid`
 */
export function createRequest(queue: Queue, payload: unknown, options: PublishOptions, context: { readonly now: number; readonly maxBytes: number; readonly source: string | null }): PublishRequest {
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
