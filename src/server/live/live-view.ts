import type { FeedEntry } from '../../engine/feed/feed-entry.ts';
import type { ReadyMessage } from '../../owner/carrier.ts';
import type { FeedSource } from '../feed-source.ts';
import type { ExecutionFacts } from '../../runtime/execution-facts.ts';
import type { LiveCounters } from './live-counters.ts';
import type { LiveFilter } from './live-filter.ts';

/** A page as it is told: entries with their text. */
export interface LivePage {
  /** The number behind which it begins. */
  readonly from: number;
  /** The number of its last row. */
  readonly to: number;
  readonly cursor: string;
  readonly entries: readonly FeedEntry[];
  /** Of the texts of its entries. */
  readonly length: number;
}

/** A place in the feed. */
export interface FeedPlace {
  readonly number: number;
  readonly cursor: string;
}

/** A subscription, as the feed sees it. */
export interface LiveMember {
  readonly id: number;
  readonly filter: LiveFilter;
  /** What a page has for it, when it is at the end; `count`: entries in the message. */
  take(page: LivePage, message: ReadyMessage, count: number): void;
}

/** The feed, as a subscription sees it. */
export interface LiveView {
  readonly source: FeedSource;
  readonly facts: ExecutionFacts;
  readonly counters: LiveCounters;
  /** The end of the feed, as far as it was read; undefined: not yet. */
  readonly place: FeedPlace | undefined;
  /** The same, once it is known. @throws what is in the way */
  where(): Promise<FeedPlace>;
  /** The first page that is kept which goes on from a number; undefined: none does, or it was dropped. */
  pageAfter(number: number): LivePage | undefined;
  /** A subscription has come to the end: it is told as the feed goes on. */
  join(member: LiveMember): void;
  leave(member: LiveMember): void;
  /** The text of an entry, made once. */
  textOf(entry: FeedEntry): string;
}
