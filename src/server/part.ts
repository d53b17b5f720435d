import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RecordReader } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Scope } from '../owner/protocol.ts';
import type { RuntimeClient } from '../runtime/client-api.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { RuntimeService } from '../runtime/serve-runtime.ts';
import type { Authority } from './authority.ts';
import type { FeedSource } from './feed-source.ts';
import type { Metrics } from './metrics.ts';
import type { Health } from './source.ts';

/** What a server stands on. */
export interface ServerContext {
  /** The store, to be read and nothing else. */
  readonly reader: RecordReader;
  /** Whoever owns the store; undefined: nothing can be changed. */
  readonly client: RuntimeClient | undefined;
  /** What the runtime can be asked for, when it is in this process. */
  readonly service: RuntimeService | undefined;
  readonly feed: FeedSource;
  /** Whether what is asked for would be done. */
  readonly readHealth: () => Promise<Health>;
  /** Flows that the program of this process brings. */
  readonly listOwnFlows: () => readonly FlowDefinition[];
  readonly authority: Authority;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes texts that must not be told out of a text. */
  readonly redact: (text: string) => string;
}

/** Who asks. */
export interface Asker {
  readonly scopes: readonly Scope[];
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A path that a part answers. `Host` and `Origin` have been checked. */
export interface PartRoute {
  readonly method: 'GET' | 'POST';
  /** Whole, as `/api/v1/feed`; or, with `/*` at its end, it and all below it. */
  readonly path: string;
  /** What a token must let its bearer do; null: anybody may ask, without a token. */
  readonly scope: Scope | null;
  handle(request: Request, asker: Asker): Response | Promise<Response>;
}

/** A path at which a connection changes to another protocol. `Host` and `Origin` have been checked, the token has not. */
export interface PartUpgrade {
  readonly path: string;
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Something that a server has beside its routes: a page, a feed, a WebSocket. */
export interface ServerPart {
  readonly routes?: readonly PartRoute[];
  readonly upgrades?: readonly PartUpgrade[];
  /** The server ends: says goodbye to whoever is connected. */
  close?(): Promise<void> | void;
}

/** Makes a part of a server, once it is known what that stands on. */
export type CreatePart = (context: ServerContext) => ServerPart;
