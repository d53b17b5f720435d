import { numberOf } from '../../engine/feed/feed-cursor.ts';
import type { FeedEntry } from '../../engine/feed/feed-entry.ts';
import { ReadyMessage } from '../../owner/carrier.ts';
import type { Outlet } from '../../owner/method.ts';
import type { LiveFilter } from './live-filter.ts';
import { passes } from './live-filter.ts';
import type { LiveMember, LivePage, LiveView } from './live-view.ts';
import { toCommitText } from './subscription-groups.ts';

/** One client's place in the feed. */
export class LiveSubscription implements LiveMember {
  readonly filter: LiveFilter;
  readonly #feed: LiveView;
  readonly #outlet: Outlet;
  readonly #read: (() => Promise<unknown>) | undefined;
  readonly #ending = new AbortController();
  /** What came up to here was told, or is not wanted. */
  #number = 0;
  /** The same place, as a cursor. */
  #cursor: string;
  /** `live`: at the end; `behind`: waits until it may be told; `busy`: reads by itself. */
  #state: 'live' | 'behind' | 'busy' | 'over' = 'busy';
  /** How it stands is to be told first. */
  #isFresh: boolean;
  #isReset = false;
  #more: (() => void) | undefined;

  constructor(feed: LiveView, filter: LiveFilter, after: string | undefined, outlet: Outlet, read: (() => Promise<unknown>) | undefined) {
    this.#feed = feed;
    this.filter = filter;
    this.#outlet = outlet;
    this.#read = read;
    this.#isFresh = after === undefined;
    this.#cursor = after ?? '';
  }

  get id(): number {
    return this.#outlet.id;
  }

  begin(): void {
    void this.#run(async () => {
      await this.#feed.where();
      if (this.#isFresh) return this.#tellState();
      await this.#waitForRoom();
      // What comes after a cursor follows at once: where it begins is known.
      this.#outlet.tell({ type: 'snapshot', cursor: this.#cursor });
      await this.#catchUp();
    });
  }

  /** The outlet takes messages again. */
  resume(): void {
    this.#more?.();
    if (this.#state === 'behind') this.#pump();
  }

  /** What a page has for it, when it is at the end. */
  take(page: LivePage, message: ReadyMessage, count: number): void {
    if (this.#state !== 'live') return;
    // It has read further than the feed had by then.
    const isPartial = this.#number > page.from;
    if (isPartial && this.#number >= page.to) return;
    if (!isPartial && this.#outlet.isReady) return this.#tell(message, count, page.to, page.cursor);
    if (!isPartial) this.#number = page.from;
    this.#leave();
    this.#pump();
  }

  /** The feed has gone on without anything for it: it is told where that is, when its own place is older. */
  mark(number: number, cursor: string): void {
    if (this.#state === 'live' && this.#number < number && numberOf(this.#cursor) < number && this.#outlet.isReady) {
      this.#tell(new ReadyMessage(toCommitText(this.id, cursor, '')), 0, numberOf(cursor), cursor);
    }
  }

  /** What followed its place cannot be told any more. */
  reset(): void {
    if (this.#state === 'live' || this.#state === 'behind') {
      this.#leave();
      this.#state = 'busy';
      void this.#run(() => this.#beginAnew());
    } else {
      this.#isReset = true;
    }
  }

  fail(error: unknown): void {
    if (this.#state === 'over') return;
    this.stop();
    this.#outlet.end(error);
  }

  stop(): void {
    this.#state = 'over';
    this.#ending.abort();
    this.#more?.();
  }

  #leave(): void {
    this.#feed.leave(this);
    this.#state = 'behind';
  }

  /** Does something by itself, then goes on. Never rejects. */
  async #run(work: () => Promise<void>): Promise<void> {
    this.#state = 'busy';
    try {
      await work();
      while (this.#isReset) {
        this.#isReset = false;
        await this.#beginAnew();
      }
    } catch (error) {
      return this.fail(error);
    }
    if (this.#ending.signal.aborted) return;
    this.#state = 'behind';
    this.#pump();
  }

  /** Goes on with what is kept of the feed, and is at its end then. */
  #pump(): void {
    const { place } = this.#feed;
    if (this.#state !== 'behind' || !place) return;
    while (this.#number < place.number) {
      const page = this.#feed.pageAfter(this.#number);
      if (!page) return void this.#run(() => this.#catchUp());
      if (!this.#outlet.isReady) return;
      // Kept while nobody asked of which flow they are.
      if (this.filter.condition && !this.#feed.facts.knows(page.entries)) return void this.#run(() => this.#feed.facts.learn(page.entries));
      this.#tellEntries(page.entries.filter(({ number }) => number > this.#number), page.to, page.cursor);
    }
    this.#state = 'live';
    this.#feed.join(this);
  }

  /** Reads on from its place, as far as is stored. */
  async #catchUp(): Promise<void> {
    for await (const page of this.#feed.source.catchUp(this.#cursor, this.#ending.signal)) {
      if (this.#ending.signal.aborted) return;
      this.#feed.counters.catchUps++;
      if (page.reset) return this.#beginAnew();
      if (this.filter.condition) await this.#feed.facts.learn(page.entries);
      await this.#waitForRoom();
      this.#tellEntries(page.entries.filter(({ number }) => number > this.#number), numberOf(page.cursor), page.cursor);
      // From here on what is kept is enough.
      if (this.#feed.pageAfter(this.#number)) return;
    }
  }

  async #beginAnew(): Promise<void> {
    this.#feed.counters.resets++;
    await this.#tellState(true);
  }

  /** How it stands may be newer than the cursor, never older. */
  async #tellState(reset?: true): Promise<void> {
    const { number, cursor } = await this.#feed.where();
    const data = await this.#read?.();
    await this.#waitForRoom();
    if (this.#ending.signal.aborted) return;
    this.#number = number;
    this.#cursor = cursor;
    this.#outlet.tell({ type: 'snapshot', cursor, ...(data !== undefined && { data }), ...(reset && { reset }) });
  }

  #tellEntries(entries: readonly FeedEntry[], number: number, cursor: string): void {
    const wanted = entries.filter(entry => passes(this.filter, entry, this.#feed.facts.meets));
    if (wanted.length === 0) {
      this.#number = number;
      return;
    }
    const text = wanted.map(entry => this.#feed.textOf(entry)).join(',');
    this.#tell(new ReadyMessage(toCommitText(this.id, cursor, text)), wanted.length, number, cursor);
  }

  #tell(message: ReadyMessage, count: number, number: number, cursor: string): void {
    this.#number = number;
    this.#cursor = cursor;
    const { counters } = this.#feed;
    counters.frames++;
    counters.events += count;
    this.#outlet.tell(message);
  }

  async #waitForRoom(): Promise<void> {
    while (!this.#outlet.isReady && !this.#ending.signal.aborted) await new Promise<void>(resolve => (this.#more = resolve));
    this.#more = undefined;
  }
}
