import { FlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';
import type { GenerationOptions, ResumeOptions, RetryOptions, RuntimeOptions, SignalOptions, StartOptions } from './api.ts';
import type { ArtifactOptions, ListArtifactsOptions } from './artifacts/artifact.ts';
import type { FeedOptions, FollowOptions } from './feed/feed-options.ts';
import type { InteractionRequest } from './interactions/interaction.ts';
import type { GenerateRequest } from './interactions/model-client.ts';
import type { ListInteractionsOptions } from './interactions/read-interactions.ts';

/** The options of `createRuntime`; `joinRuntime` takes them, too, but for the store. */
export const runtimeKeys: KeysOf<RuntimeOptions> = {
  store: true, tools: true, flows: true, consolidators: true, clock: true, random: true, logger: true, maxActiveFlows: true, maxRunningSteps: true, maxInterruptions: true,
  maxOutputBytes: true, maxFlowDepth: true, maxChildFlows: true, keepResidentMs: true, expressionTimeLimitMs: true, recover: true, isolation: true, listen: true, inspect: true, retentionMs: true, sizeBudgetBytes: true,
  maxArtifactBytes: true, outputDir: true, models: true, secrets: true, remotes: true, queues: true, queueSettings: true, queueAlerts: true, onQueueAlert: true, machines: true,
  codecs: true, maxLoadedActors: true,
};

const generation: KeysOf<GenerationOptions> = { generation: true };

/** What may be passed to each call, by how people write it. */
const calls = {
  'runtime.start': { input: true, idempotencyKey: true, priority: true, labels: true, isolate: true } satisfies KeysOf<StartOptions>,
  'runtime.list': { status: true, flowId: true, limit: true },
  'runtime.retry': { step: true, steps: true, cascade: true, onNewDefinition: true } satisfies KeysOf<RetryOptions>,
  'runtime.resume': { onNewDefinition: true } satisfies KeysOf<ResumeOptions>,
  'runtime.consolidated': generation,
  'runtime.transitions': { after: true },
  'runtime.feed': { after: true, topics: true, signal: true } satisfies KeysOf<FeedOptions>,
  followStore: { after: true, topics: true, signal: true, pollMs: true, secrets: true } satisfies KeysOf<FollowOptions>,
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

/** What every store can do; the rest is the business of its type. */
const storeMethods = ['commit', 'close'] as const;

/**
 * Checks what `createRuntime` is given, as far as callers without types may get it wrong.
 *
 * @throws a `FlowError` with code `option_invalid` that says what is missing
 */
export function requireRuntimeOptions(options: RuntimeOptions): RuntimeOptions {
  const { store } = requireKnownKeys(options ?? {}, runtimeKeys, '`createRuntime`');
  if (typeof store === 'object' && store !== null && storeMethods.every(name => typeof store[name] === 'function')) return options;
  throw new FlowError('option_invalid', `Expected \`createRuntime\` to be given a \`store\`, got ${describeValue(store)}. Open one: \`openSqliteStore({ file: 'app.db' })\` of \`flowstone/sqlite\`, or \`createMemoryStore()\` for what need not be kept`);
}
