import type { FeedReader } from '../../persistence/feed-store.ts';
import type { Clock } from '../core/clock.ts';
import type { FeedOptions } from '../engine/feed/feed-options.ts';
import type { FeedPage } from '../engine/feed/feed.ts';
import { Feed } from '../engine/feed/feed.ts';
import { createEntryReader } from '../runtime/feed-entries.ts';
import type { FeedSource } from './feed-source.ts';

/** How often the store is looked at while somebody follows, ms. */
const pollMs = 100;

/** The feed of a store that another process owns: one look every 100 ms for all who follow, none while nobody does. */
export class StoreFeed implements FeedSource {
  readonly #feed: Feed;
  readonly #reader: FeedReader;
  readonly #clock: Clock;
  #followers = 0;
  #timer: unknown;
  #head = -1;

  constructor(reader: FeedReader, clock: Clock, redact: (text: string) => string) {
    this.#reader = reader;
    this.#clock = clock;
    this.#feed = new Feed(reader, createEntryReader(redact));
  }

  here(): Promise<string> {
    return this.#feed.here();
  }

  async *follow(options: FeedOptions = {}): AsyncGenerator<FeedPage, void, undefined> {
    if (this.#followers++ === 0) this.#look();
    try {
      yield* this.#feed.follow(options);
    } finally {
      if (--this.#followers === 0) this.#clock.clearTimer(this.#timer);
    }
  }

  catchUp(after: string, signal?: AbortSignal): AsyncGenerator<FeedPage, void, undefined> {
    return this.#feed.catchUp(after, signal);
  }

  /** Ends whoever follows. */
  close(): void {
    this.#feed.end();
  }

  #look(): void {
    this.#timer = this.#clock.setTimer(() => void this.#poll(), pollMs);
  }

  async #poll(): Promise<void> {
    try {
      const { head } = await this.#reader.getFeedState();
      // Who follows reads for itself: only for news.
      if (head !== this.#head) this.#feed.wake();
      this.#head = head;
    } catch {
      // The follower meets the same error, and says it.
      this.#feed.wake();
    }
    if (this.#followers > 0) this.#look();
  }
}
