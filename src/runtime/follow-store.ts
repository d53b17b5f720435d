import type { AnyReader } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import { systemClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { createRedactor } from '../core/redact.ts';
import { describeValue } from '../core/wording.ts';
import type { FollowOptions } from '../engine/feed/feed-options.ts';
import type { FeedPage } from '../engine/feed/feed.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { Feed } from '../engine/feed/feed.ts';
import { createEntryReader } from './feed-entries.ts';

const followKeys: KeysOf<FollowOptions> = { after: true, topics: true, signal: true, pollMs: true, secrets: true };

/**
 * Follows a store from any process: what its owner's `runtime.feed()` tells, page by page.
 *
 * @example
 * ```ts
 * import { followStore } from 'flowstone';
 * import { openSqliteReader } from 'flowstone/sqlite';
 *
 * for await (const { cursor, reset, entries } of followStore(openSqliteReader({ file: 'app.db' }), { after: 'start' })) {
 *   for (const { address, event, state } of entries) console.log(address, event.type, state);
 *   console.log(reset ? 'begin anew' : 'so far', cursor);
 * }
 * ```
 *
 * @throws a `FlowError` with code `cursor_invalid` or `option_invalid`
 */
export async function* followStore(reader: AnyReader, how: FollowOptions = {}): AsyncGenerator<FeedPage, void, undefined> {
  const { pollMs = 100, secrets = [], ...options } = requireKnownKeys(how, followKeys, '`followStore`');
  if (!(pollMs >= 1 && pollMs <= 60_000)) throw new FlowError('option_invalid', `Expected \`pollMs\` to be a number from 1 to 60000, got ${describeValue(pollMs)}`);
  const feed = new Feed(openReader(reader), createEntryReader(createRedactor(secrets)));
  let timer: unknown;
  const look = (): void => {
    feed.wake();
    timer = systemClock.setTimer(look, pollMs);
  };
  look();
  try {
    yield* feed.follow(options);
  } finally {
    systemClock.clearTimer(timer);
  }
}
