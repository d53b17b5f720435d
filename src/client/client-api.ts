import type { FeedEntry } from '../engine/feed/feed-entry.ts';
import type { LiveHealth } from '../owner/live-topics.ts';
import type { ExecutionPage, RuntimeClient } from '../runtime/client-api.ts';
import type { ClientWaits } from '../runtime/client-waits.ts';
import type { CommitEntry, ExecutionView } from '../runtime/execution-topic.ts';
import type { AnswerOf } from './answers.ts';

export interface ConnectOptions extends ClientWaits {
  /** By what right it comes: what `flowstone serve` has written. A function is asked at each connection, since tokens expire. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
}

/** Where the connection stands: a state of the machine `client-connection`. */
export interface ConnectionState {
  /** `waiting`: it was lost, and is tried again; `refused`: it is no use to try again, as with a wrong token. */
  readonly value: 'idle' | 'connecting' | 'greeting' | 'open' | 'waiting' | 'refused' | 'closed';
  /** How long the present wait is, ms; null: it does not wait. */
  readonly waitMs: number | null;
  /** Code of the error that ended the last attempt; null: none has ended. */
  readonly code: string | null;
  /** Connections that were open so far: more than one, and it has come back. */
  readonly connections: number;
}

export interface ConnectionView {
  /** The same object until it changes. */
  readonly state: ConnectionState;
  /** Calls back at each change. Returns what ends that. */
  subscribe(listener: (state: ConnectionState) => void): () => void;
  /** Tries again at once after `refused`, as with another token. */
  retry(): void;
}

/** What came since the update before. */
export interface FollowUpdate<Data = unknown, Entry = FeedEntry> {
  /** Behind this update: give it as `after` to go on here, also from another client. Empty for `health`. */
  readonly cursor: string;
  /** What happened in between cannot be told any more: `data` says how it stands now. */
  readonly reset?: true;
  /** How it stands: in the first update without `after`, and after a reset. */
  readonly data?: Data;
  readonly entries: readonly Entry[];
}

export interface FollowTopicOptions {
  /** A cursor of an earlier update: what came after it. Default: how it stands, then what comes. */
  readonly after?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** What the first update of a topic has as `data`. */
export type DataOf<Topic extends string> =
  Topic extends `execution:${string}` ? ExecutionView
    : Topic extends `executions${string}` ? ExecutionPage
      : Topic extends 'health' ? LiveHealth
        : unknown;

/** What each update of a topic has as `entries`: what was stored. */
export type EntryOf<Topic extends string> =
  Topic extends `execution:${string}` ? CommitEntry
    : Topic extends 'health' ? LiveHealth
      : FeedEntry;

/** A client of a server, in a browser or in Node.js. */
export interface FlowstoneClient extends RuntimeClient {
  readonly connection: ConnectionView;
  /**
   * Follows a topic, through lost connections and restarts of the server: nothing is missed, nothing comes twice. One execution is
   * followed until it has settled, everything else until `signal` aborts.
   *
   * @param topic `execution:ID`, `executions?flow=…&label.NAME=…`, `queue:NAME`, `actor:ID`, `health`, `feed`
   * @throws a `FlowError` with code `topic_unknown`, `cursor_invalid` or `scope_missing`
   */
  follow<Topic extends string>(topic: Topic, options?: FollowTopicOptions): AsyncIterable<FollowUpdate<DataOf<Topic>, EntryOf<Topic>>>;
  /**
   * Reads an answer of the server's HTTP interface, such as `/api/v1/executions`, with the type that its table of routes gives to the
   * path. The same object as before when nothing has changed.
   *
   * @throws a `FlowError` with the code that the server gave, or `owner_unreachable`
   */
  read<Path extends string>(path: Path, options?: { readonly signal?: AbortSignal }): Promise<AnswerOf<Path>>;
}
