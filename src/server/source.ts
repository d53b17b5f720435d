import type { AnyReader } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { systemRandom } from '../core/ids.ts';
import { silentLogger } from '../core/logger.ts';
import { describeValue } from '../core/wording.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { RuntimeHealth } from '../kinds/flows/execution-api.ts';
import { ReconnectingClient } from '../owner/reconnecting-client.ts';
import type { Runtime } from '../runtime/api.ts';
import type { RuntimeClient } from '../runtime/client-api.ts';
import { createClientName } from '../runtime/create-client.ts';
import { ConnectedClient } from '../runtime/runtime-client.ts';
import type { RuntimeService } from '../runtime/serve-runtime.ts';
import { getParts } from '../runtime/sessions-of.ts';
import type { FeedSource } from './feed-source.ts';
import { createReadView } from './read-view.ts';
import { StoreFeed } from './store-feed.ts';

/** Longest wait for the answer to a command, ms. */
const commandMs = 10_000;

/** A store that another process owns. Both stay the caller's to close. */
export interface StoreSource {
  /** Reads it, as `openSqliteReader` does. */
  readonly reader: AnyReader;
  /** Passes on what changes something, as `createClient` makes it; left out: nothing can be changed. */
  readonly client?: RuntimeClient;
}

/** Whether what is asked for would be done. */
export interface Health {
  readonly status: 'running' | 'faulted' | 'stopping' | 'stopped';
  readonly reason?: string;
  /** In this process; left out: another one owns the store. */
  readonly activeFlows?: number;
  readonly runningSteps?: number;
}

export interface OpenSource {
  readonly reader: RecordReader;
  readonly readHealth: () => Promise<Health>;
  /** Flows that the program of this process brings. */
  readonly listOwnFlows: () => readonly FlowDefinition[];
  readonly client: RuntimeClient | undefined;
  readonly service: RuntimeService | undefined;
  readonly feed: FeedSource;
  close(): void;
}

interface Given {
  readonly clock: Clock;
  readonly redact: (text: string) => string;
}

/** @throws a `FlowError` with code `option_invalid` */
export function openSource(source: Runtime | StoreSource, { clock, redact }: Given): OpenSource {
  if (typeof source !== 'object' || source === null || (!('start' in source) && !('reader' in source))) {
    throw new FlowError('option_invalid', `Expected \`createServer\` to be given a runtime, or \`reader\` and \`client\` of a store, got ${describeValue(source)}`);
  }
  if ('start' in source) {
    const { reader, service, feed, listFlows } = getParts(source);
    const client = createLimitedClient(source, clock);
    return { reader: createReadView(reader), client, service, feed, listOwnFlows: listFlows, readHealth: async () => toHealth(source.health()), close: () => client.close() };
  }
  const reader = createReadView(openReader(source.reader));
  const feed = new StoreFeed(reader, clock, redact);
  const readHealth = async (): Promise<Health> => ((await reader.getOwner()) ? { status: 'running' } : { status: 'stopped', reason: 'No process owns the database' });
  return { reader, client: source.client, service: undefined, feed, listOwnFlows: () => [], readHealth, close: () => feed.close() };
}

function toHealth({ status, error, activeFlows, runningSteps }: RuntimeHealth): Health {
  return { status, ...(error && { reason: error.message }), activeFlows, runningSteps };
}

/** As `createClient`, but it does not wait for a runtime that is faulted as long as that takes. */
function createLimitedClient(runtime: Runtime, clock: Clock): RuntimeClient {
  const { sessions } = getParts(runtime);
  const client = new ReconnectingClient({
    open: async () => sessions.connect(), clock, random: systemRandom, logger: silentLogger, connection: { clock }, timeoutMs: commandMs,
  });
  return new ConnectedClient(client, clock, createClientName(clock.now()));
}
