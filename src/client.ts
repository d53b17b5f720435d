export { connect } from './client/connect.ts';
export type { ConnectionState, ConnectionView, ConnectOptions, DataOf, EntryOf, FlowstoneClient, FollowTopicOptions, FollowUpdate } from './client/client-api.ts';
export type { ClaimOptions, ExecutionPage, ListPageOptions, RuntimeClient } from './runtime/client-api.ts';
export type { FeedEntry } from './engine/feed/feed-entry.ts';
export type { FeedPage } from './engine/feed/feed.ts';
export type { ExecutionDetails, ExecutionSummary, RetryOptions, SettledExecution, SignalOptions, StartOptions, StepResult } from './kinds/flows/execution-api.ts';
export type { LiveHealth } from './owner/live-topics.ts';
export type { CommitEntry, ExecutionView } from './runtime/execution-topic.ts';
export { FlowError, isFlowError } from './core/errors.ts';
