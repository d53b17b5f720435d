import type { FeedOptions } from '../../engine/feed/feed-options.ts';
import type { FeedPage } from '../../engine/feed/feed.ts';
import { ReadyMessage } from '../../owner/carrier.ts';
import type { LiveFeed } from './live-feed.ts';
import { filterTopics } from './live-filter.ts';

/**
 * Says that something has happened, for who reads the rest by itself: as `feed.follow`, with pages that have no entries, and without a
 * read of its own. What happens while nobody asks is one page.
 */
export async function* followLive(feed: LiveFeed, { topics, signal }: FeedOptions): AsyncGenerator<FeedPage, void, undefined> {
  let page: FeedPage | undefined;
  let over: { readonly error: unknown } | undefined;
  let wake = (): void => {};
  const attached = feed.attach(filterTopics(topics), undefined, {
    id: 0,
    isReady: true,
    tell(told) {
      page = { cursor: told instanceof ReadyMessage ? '' : (told.cursor ?? ''), entries: [] };
      wake();
    },
    end(error) {
      over = { error };
      wake();
    },
  });
  const stop = (): void => wake();
  signal?.addEventListener('abort', stop);
  try {
    while (!signal?.aborted) {
      const next = page;
      page = undefined;
      if (next) yield next;
      else if (over) throw over.error;
      else await new Promise<void>(resolve => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    attached.detach();
  }
}
