import { FlowError } from '../../core/errors.ts';
import { numberOf } from '../../engine/feed/feed-cursor.ts';
import type { FeedEntry } from '../../engine/feed/feed-entry.ts';
import type { FeedPage } from '../../engine/feed/feed.ts';
import type { Attached, Outlet } from '../../owner/method.ts';
import type { FeedSource } from '../feed-source.ts';
import type { ExecutionFacts } from '../../runtime/execution-facts.ts';
import { LiveCounters } from './live-counters.ts';
import type { LiveFilter } from './live-filter.ts';
import type { FeedPlace, LiveMember, LivePage, LiveView } from './live-view.ts';
import { LiveSubscription } from './live-subscription.ts';
import { SubscriptionGroups } from './subscription-groups.ts';

/** Kept for subscriptions that are a little behind. */
const maxKeptEntries = 4_096;
const maxKeptLength = 16 * 1_024 * 1_024;
/** A subscription that nothing passes is told where the feed is after so many rows, so that it need not read them all when it comes back. */
const markEvery = 10_000;

const texts = new WeakMap<FeedEntry, string>();

/**
 * One reader of the feed for all subscriptions of a server.
 *
 * A subscription is a place in the feed, not a queue: one that is at the end is told as the feed goes on, with texts that are made
 * once; one that is behind, because it is slow or has come back, reads on by itself until it is there.
 */
export class LiveFeed implements LiveView {
  readonly source: FeedSource;
  readonly facts: ExecutionFacts;
  readonly counters = new LiveCounters();
  readonly #groups = new SubscriptionGroups();
  readonly #subscriptions = new Set<LiveSubscription>();
  #pages: LivePage[] = [];
  #keptEntries = 0;
  #keptLength = 0;
  /** The end of the feed, as far as it was read; undefined: it is not followed. */
  #place: FeedPlace | undefined;
  #waiting: ((error?: unknown) => void)[] = [];
  #ending: AbortController | undefined;

  constructor(source: FeedSource, facts: ExecutionFacts) {
    this.source = source;
    this.facts = facts;
  }

  /**
   * Tells an outlet of the feed.
   *
   * @param read how what the topic is about stands, at the beginning and after a reset; undefined: the topic does not tell
   */
  attach(filter: LiveFilter, after: string | undefined, outlet: Outlet, read?: () => Promise<unknown>): Attached {
    const subscription = new LiveSubscription(this, filter, after, outlet, read);
    this.#subscriptions.add(subscription);
    this.counters.subscriptions++;
    if (!this.#ending) void this.#follow();
    subscription.begin();
    return {
      resume: () => subscription.resume(),
      detach: () => this.#detach(subscription),
    };
  }

  /** Ends all subscriptions: the server stops. */
  close(): void {
    for (const subscription of Array.from(this.#subscriptions)) subscription.fail(new FlowError('owner_stopping', 'The server stops'));
  }

  async where(): Promise<FeedPlace> {
    while (!this.#place) await new Promise<void>((resolve, reject) => this.#waiting.push(error => (error === undefined ? resolve() : reject(error))));
    return this.#place;
  }

  get place(): FeedPlace | undefined {
    return this.#place;
  }

  pageAfter(number: number): LivePage | undefined {
    const [oldest] = this.#pages;
    if (!oldest || number < oldest.from) return undefined;
    // By halves: all pages follow one another.
    let [low, high] = [0, this.#pages.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#pages[middle] as LivePage).to > number) high = middle;
      else low = middle + 1;
    }
    return this.#pages[low];
  }

  join(subscription: LiveMember): void {
    this.#groups.add(subscription);
  }

  leave(subscription: LiveMember): void {
    this.#groups.delete(subscription);
  }

  textOf(entry: FeedEntry): string {
    let text = texts.get(entry);
    if (text === undefined) {
      text = JSON.stringify(entry);
      texts.set(entry, text);
      this.counters.texts++;
    }
    return text;
  }

  #detach(subscription: LiveSubscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    this.counters.subscriptions--;
    subscription.stop();
    this.leave(subscription);
    if (this.#subscriptions.size > 0) return;
    // Nobody follows: nothing is read.
    this.#ending?.abort();
    this.#ending = undefined;
    this.#forget();
    this.#place = undefined;
  }

  /** Never rejects. */
  async #follow(): Promise<void> {
    const ending = new AbortController();
    this.#ending = ending;
    let failure: unknown;
    try {
      for await (const page of this.source.follow({ signal: ending.signal })) {
        if (ending.signal.aborted) return;
        if (this.#groups.hasConditions) await this.facts.learn(page.entries);
        this.#take(page);
      }
    } catch (error) {
      failure = error;
    }
    if (ending.signal.aborted) return;
    // Whoever owns the store next, or the server that begins anew, goes on: clients come back with their cursors.
    const error = failure ?? new FlowError('owner_stopping', 'The owner of the database stops');
    for (const wait of this.#waiting.splice(0)) wait(error);
    for (const subscription of Array.from(this.#subscriptions)) subscription.fail(error);
  }

  #take({ cursor, reset, entries }: FeedPage): void {
    const number = numberOf(cursor);
    const from = this.#place?.number ?? number;
    this.#place = { number, cursor };
    for (const wait of this.#waiting.splice(0)) wait();
    if (reset) {
      this.#forget();
      for (const subscription of this.#subscriptions) subscription.reset();
      return;
    }
    if (entries.length === 0) return;
    const length = entries.reduce((sum, entry) => sum + this.textOf(entry).length, 0);
    const page: LivePage = { from, to: number, cursor, entries, length };
    this.#keep(page);
    this.#groups.tell(page, this);
    if (Math.floor(from / markEvery) !== Math.floor(number / markEvery)) {
      for (const subscription of this.#subscriptions) subscription.mark(number - markEvery, cursor);
    }
  }

  #keep(page: LivePage): void {
    this.#pages.push(page);
    this.#keptEntries += page.entries.length;
    this.#keptLength += page.length;
    while (this.#pages.length > 1 && (this.#keptEntries > maxKeptEntries || this.#keptLength > maxKeptLength)) {
      const oldest = this.#pages.shift() as LivePage;
      this.#keptEntries -= oldest.entries.length;
      this.#keptLength -= oldest.length;
    }
  }

  #forget(): void {
    this.#pages = [];
    this.#keptEntries = 0;
    this.#keptLength = 0;
  }
}
