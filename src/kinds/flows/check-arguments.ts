import type { ExecutionStatus } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { ListOptions } from './list-executions.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import type { FeedOptions } from '../../engine/feed/feed-options.ts';
import type { ArtifactOptions, ListArtifactsOptions } from './artifacts/artifact.ts';
import type { GenerationOptions, ResumeOptions, RetryOptions, SignalOptions, StartOptions } from './execution-api.ts';
import type { InteractionRequest } from './interactions/interaction.ts';
import type { GenerateRequest } from './interactions/model-client.ts';
import type { ListInteractionsOptions } from './interactions/read-interactions.ts';

const maxTextLength = 2_000;

/** Checks what callers without types may get wrong, before it reaches rows. @throws a `FlowError` with code `option_invalid` */
export function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= maxTextLength && value.isWellFormed()) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be a text of 1 to ${maxTextLength} characters without halves of surrogate pairs, got ${describeValue(value)}`);
}

/** An id that is looked for, however long: what is there can be asked for. @throws a `FlowError` with code `option_invalid` */
export function requireId(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be a text without halves of surrogate pairs, got ${describeValue(value)}`);
}

export function requireObject<Value>(name: string, value: Value): Value & object {
  if (typeof value === 'object' && value !== null) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be an object, got ${describeValue(value)}`);
}

const statuses: readonly unknown[] = ['pending', 'stepping', 'consolidating', 'scored', 'failed'] satisfies ExecutionStatus[];

/** Checks what `list` is asked for. @throws a `FlowError` with code `option_invalid` */
export function requireFilter<Filter extends ListOptions>(filter: Filter): Filter {
  const { status, flowId, labels, parent, order, limit } = requireObject('options', filter);
  if (flowId !== undefined) requireText('flowId', flowId);
  if (parent !== undefined) requireId('parent', parent);
  if (labels !== undefined) requireLabels(labels);
  if (order !== undefined && order !== 'newest' && order !== 'oldest') {
    throw new FlowError('option_invalid', `Expected \`order\` to be newest or oldest, got ${describeValue(order)}`);
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && (limit as number) >= 1)) {
    throw new FlowError('option_invalid', `Expected \`limit\` to be an integer ≥ 1, got ${describeValue(limit)}`);
  }
  const unknown: unknown = Array.isArray(status) ? status.find(one => !statuses.includes(one)) : status;
  if (unknown !== undefined) {
    throw new FlowError('option_invalid', `Expected \`status\` to be a list of ${statuses.join(', ')}, got ${describeValue(unknown)}`);
  }
  return filter;
}

const maxLabels = 20;
const maxLabelLength = 200;

/** @throws a `FlowError` with code `option_invalid` */
export function requireLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(requireObject('labels', labels));
  const isShort = (text: unknown): boolean => typeof text === 'string' && text !== '' && text.length <= maxLabelLength && text.isWellFormed();
  const wrong = entries.find(([name, value]) => !isShort(name) || !isShort(value));
  if (wrong) throw new FlowError('option_invalid', `Expected names and values of \`labels\` to be texts of 1 to ${maxLabelLength} characters, got ${describeValue(wrong[0])}: ${describeValue(wrong[1])}`);
  if (entries.length > maxLabels) throw new FlowError('option_invalid', `Expected \`labels\` to be at most ${maxLabels}, got ${entries.length}`);
  return labels;
}

const generation: KeysOf<GenerationOptions> = { generation: true };

/** What may be passed to each call, by how people write it. */
const calls = {
  'runtime.start': { input: true, idempotencyKey: true, priority: true, labels: true, isolate: true } satisfies KeysOf<StartOptions>,
  'runtime.list': { status: true, flowId: true, labels: true, parent: true, order: true, limit: true } satisfies KeysOf<ListOptions>,
  'client.list': { status: true, flowId: true, labels: true, parent: true, order: true, limit: true, after: true } satisfies KeysOf<ListOptions & { readonly after?: string }>,
  'runtime.retry': { step: true, steps: true, cascade: true, onNewDefinition: true } satisfies KeysOf<RetryOptions>,
  'runtime.resume': { onNewDefinition: true } satisfies KeysOf<ResumeOptions>,
  'runtime.consolidated': generation,
  'runtime.transitions': { after: true },
  'runtime.feed': { after: true, topics: true, signal: true } satisfies KeysOf<FeedOptions>,
  'runtime.signal': { force: true } satisfies KeysOf<SignalOptions>,
  'runtime.stop': { timeoutMs: true },
  'execution.get': { ...generation, items: true },
  'artifacts.list': { name: true, versions: true, limit: true, after: true } satisfies KeysOf<ListArtifactsOptions>,
  'artifacts.get': { version: true },
  'interactions.list': { stepId: true, after: true, limit: true } satisfies KeysOf<ListInteractionsOptions>,
  'call.artifact': { kind: true, contentType: true, file: true } satisfies KeysOf<ArtifactOptions>,
  'call.artifacts': { name: true, versions: true, limit: true, after: true, upstream: true } satisfies KeysOf<ListArtifactsOptions & { readonly upstream?: boolean }>,
  'call.readArtifact': { version: true },
  'call.interaction': { model: true, prompt: true, stage: true } satisfies KeysOf<InteractionRequest>,
  'call.generate': { prompt: true, system: true, stage: true, models: true, parameters: true } satisfies KeysOf<GenerateRequest>,
} as const;

/**
 * Refuses an option that a call does not take.
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function requireCallOptions<Options extends object>(call: keyof typeof calls, options: Options): Options {
  return requireKnownKeys<Options>(options, calls[call] as unknown as KeysOf<Options>, `\`${call}\``);
}
