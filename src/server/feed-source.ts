import type { FeedOptions } from '../engine/feed/feed-options.ts';
import type { FeedPage } from '../engine/feed/feed.ts';

/** Everything that happens, as `runtime.feed()` tells it. */
export interface FeedSource {
  /** The cursor behind what is stored now. */
  here(): Promise<string>;
  follow(options?: FeedOptions): AsyncGenerator<FeedPage, void, undefined>;
  /** Tells what is stored after a place, and ends there: the last page has that place, and no entries. */
  catchUp(after: string, signal?: AbortSignal): AsyncGenerator<FeedPage, void, undefined>;
}
