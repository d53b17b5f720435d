import type { AnyReader } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { describeValue } from '../core/wording.ts';
import type { Service } from '../owner/method.ts';
import type { Runtime } from '../runtime/api.ts';
import type { RuntimeClient } from '../runtime/client-api.ts';
import { createClient } from '../runtime/create-client.ts';
import { getParts } from '../runtime/sessions-of.ts';
import type { FeedSource } from './part.ts';
import { createReadView } from './read-view.ts';
import { StoreFeed } from './store-feed.ts';

/** A store that another process owns. Both stay the caller's to close. */
export interface StoreSource {
  /** Reads it, as `openSqliteReader` does. */
  readonly reader: AnyReader;
  /** Passes on what changes something, as `createClient` makes it; left out: nothing can be changed. */
  readonly client?: RuntimeClient;
}

export interface OpenSource {
  readonly reader: RecordReader;
  readonly client: RuntimeClient | undefined;
  readonly service: Service | undefined;
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
    const { reader, service, feed } = getParts(source);
    const client = createClient(source);
    return { reader: createReadView(reader), client, service, feed, close: () => client.close() };
  }
  const reader = createReadView(openReader(source.reader));
  const feed = new StoreFeed(reader, clock, redact);
  return { reader, client: source.client, service: undefined, feed, close: () => feed.close() };
}
