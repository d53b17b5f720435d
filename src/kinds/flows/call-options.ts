import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import type { FeedOptions } from '../../engine/feed/feed-options.ts';
import type { ArtifactOptions, ListArtifactsOptions } from './artifacts/artifact.ts';
import type { GenerationOptions, ResumeOptions, RetryOptions, SignalOptions, StartOptions } from './execution-api.ts';
import type { InteractionRequest } from './interactions/interaction.ts';
import type { GenerateRequest } from './interactions/model-client.ts';
import type { ListOptions } from './list-executions.ts';
import type { ListInteractionsOptions } from './interactions/read-interactions.ts';

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
