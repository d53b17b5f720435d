export type {
  Artifacts, Execution, ExecutionDetails, ExecutionSummary, FlowProgress, Interactions, Runtime, RuntimeHealth, RuntimeOptions, SettledExecution, StartOptions, StepOutputs, StepResult,
  TransitionUpdate,
} from './runtime/api.ts';
export type { Consolidator, ConsolidatorAnswer } from './runtime/consolidation/consolidator.ts';
export type { ConsolidatedSession, ConsolidatedStep, ConsolidatedToolCall } from './runtime/consolidation/session.ts';
export type { IsolationOptions } from './isolation/isolation-options.ts';
export type { ActorSummary, MachineRuntime, SpawnOptions } from './machine-host/machine-api.ts';
export { idempotencyKeyOf } from './machine-host/idempotency-key.ts';
export type { DurableActor } from './machine-host/durable-actor.ts';
export type { ValueCodec } from './machine-host/encode-value.ts';
export type { HostedMachine } from './machine-host/machine-book.ts';
export type { Migration, StoredSnapshot } from './machine-host/migration.ts';
export type { PromiseOptions, PromiseOptionsByName } from './machine-host/promise-runs.ts';
export type { FeedEntry } from './runtime/feed/feed-entry.ts';
export type { FeedOptions, FollowOptions } from './runtime/feed/feed-options.ts';
export type { FeedPage } from './runtime/feed/feed.ts';
export { followStore } from './runtime/feed/follow-store.ts';
export { createRuntime, joinRuntime } from './runtime/late-runtime.ts';
export type { ArtifactContent, ArtifactInfo, ArtifactOptions, ArtifactSource } from './runtime/artifacts/artifact.ts';
export type { FileReport, OutputDir } from './runtime/artifacts/output-files.ts';
export type { Interaction, InteractionAnswer, InteractionInfo, InteractionRequest, InteractionTotals } from './runtime/interactions/interaction.ts';
export type { Generated, GenerateRequest, ModelAnswer, ModelClient, ModelRequest } from './runtime/interactions/model-client.ts';
export type { Outcome, Tool, ToolCall, ToolOptions } from './runtime/tool.ts';
export { defineTool, fail, retryAfter } from './runtime/tool.ts';
export type { Logger, LogMethod } from './core/logger.ts';
export type { Duration, DurationText } from './core/duration.ts';
export type { StandardSchema } from './core/standard-schema.ts';
export type { Clock } from './core/clock.ts';
export { SimulatedClock, systemClock } from './core/clock.ts';
export type { AssertionResult, Evaluation } from './core/score.ts';
export { FlowError, isFlowError } from './core/errors.ts';
export type { StepFailure } from './core/failure.ts';
export type { Figures, GroupStats } from './catalog/compute-stats.ts';
export type { StatsOptions } from './catalog/read-stats.ts';
export { readStats } from './catalog/read-stats.ts';
export type { ReadFlow, SyncedFlow } from './catalog/sync-flows.ts';
export { syncFlows } from './catalog/sync-flows.ts';
export type { FlowParts } from './definition/flow-parts.ts';
export type { Flow, FlowTypes } from './definition/typed-flow.ts';
export { defineFlow } from './definition/define-flow.ts';
export type { Queue, QueueOptions } from './queue/define-queue.ts';
export type {
  ConsumeOptions, Consumer, HandlerWithSetup, MessageCall, MessageDetails, MessageHandler, PublishOptions, QueueAlert, QueueRuntime, QueueStats,
} from './queue/queue-api.ts';
export type { Published } from './queue/queue-commands.ts';
export { defineQueue } from './queue/define-queue.ts';
export type { JoinedRuntime, JoinOptions } from './queue/join-runtime.ts';
export { loadFlow } from './definition/load-flow.ts';
export { parseFlow } from './definition/parse.ts';
export type { FlowDefinition, FlowSource } from './definition/schema.ts';
export type { Store, StoreReader, Transaction } from '../persistence/store.ts';
export type { AnyReader, AnyStore } from '../persistence/records/open-records.ts';
export type { MemoryRecords } from './open-records.ts';
export { createMemoryStore } from './open-records.ts';
