import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { FeedPage } from '../engine/feed/feed.ts';
import type { FeedSource } from './feed-source.ts';

const defaultMaxBytes = 64 * 1_024 * 1_024;
/** What an entry takes beside its body, bytes; an estimate. */
const entryBytes = 500;
/** A body that was asked for so often since it was rendered is rendered anew when it changes. */
const warmHits = 2;
/** Longest list of bodies rendered anew at a time. */
const maxWarmed = 32;
/** Time between two rounds of rendering anew, ms. */
const warmEveryMs = 200;
/** The feed is followed as long as somebody has asked within this time, ms. */
const idleMs = 30_000;

/** A body as it is sent. */
export interface Rendered {
  /** Of what it was made of. */
  readonly version: string;
  readonly body: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Whom a body speaks of, as the feed names them: `flow:ID`, `actor:ID`; `*`: all. */
export type Subject = string;

interface Entry {
  readonly rendered: Rendered;
  readonly subject: Subject;
  readonly render: () => Promise<Rendered | undefined>;
  hits: number;
}

/** What became of what was asked for. */
export interface CacheCounts {
  /** Answered with 304. */
  unchanged: number;
  hits: number;
  misses: number;
  /** Rendered before anybody asked. */
  warmed: number;
}

/**
 * Bodies that were rendered, by what was asked.
 *
 * Whether one still holds is decided by its version, which is looked up for every request: the feed only throws out what has
 * changed, and has what is asked for often rendered before it is asked for again.
 */
export class AnswerCache {
  readonly counts: CacheCounts = { unchanged: 0, hits: 0, misses: 0, warmed: 0 };
  readonly #entries: LRUCache<string, Entry>;
  readonly #bySubject = new Map<Subject, Set<string>>();
  /** Bodies that are being rendered: whoever asks for the same meanwhile waits for it. */
  readonly #rendering = new Map<string, Promise<Rendered>>();
  readonly #feed: FeedSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #following: AbortController | undefined;
  #askedAt = 0;
  #changed = new Set<Subject>();
  #warming: unknown;
  #isClosed = false;

  constructor(feed: FeedSource, clock: Clock, logger: Logger, maxBytes = defaultMaxBytes) {
    this.#feed = feed;
    this.#clock = clock;
    this.#logger = logger;
    this.#entries = new LRUCache<string, Entry>({
      maxSize: maxBytes,
      sizeCalculation: ({ rendered }, key) => 2 * (rendered.body.length + key.length) + entryBytes,
      dispose: ({ subject }, key, reason) => {
        if (reason === 'set') return;
        const keys = this.#bySubject.get(subject);
        keys?.delete(key);
        if (keys?.size === 0) this.#bySubject.delete(subject);
      },
    });
  }

  /** Bytes, about. */
  get size(): number {
    return this.#entries.calculatedSize;
  }

  /** The body of this version, if it is kept, or else as it is rendered now. */
  async get(key: string, version: string, subject: Subject, render: () => Promise<Rendered>, again: () => Promise<Rendered | undefined>): Promise<Rendered> {
    this.#touch();
    const entry = this.#entries.get(key);
    if (entry?.rendered.version === version) {
      entry.hits += 1;
      this.counts.hits += 1;
      return entry.rendered;
    }
    const place = `${version}\n${key}`;
    const under = this.#rendering.get(place);
    if (under) {
      this.counts.hits += 1;
      return under;
    }
    this.counts.misses += 1;
    const rendering = render().then(rendered => {
      this.#put(key, { rendered, subject, render: again, hits: entry?.hits ?? 0 });
      return rendered;
    }).finally(() => this.#rendering.delete(place));
    this.#rendering.set(place, rendering);
    return rendering;
  }

  close(): void {
    this.#isClosed = true;
    this.#following?.abort();
    this.#clock.clearTimer(this.#warming);
  }

  #put(key: string, entry: Entry): void {
    if (this.#isClosed) return;
    this.#entries.set(key, entry);
    if (!this.#entries.has(key)) return;
    let keys = this.#bySubject.get(entry.subject);
    if (!keys) this.#bySubject.set(entry.subject, (keys = new Set()));
    keys.add(key);
  }

  /** Follows the feed while somebody asks. */
  #touch(): void {
    this.#askedAt = this.#clock.now();
    if (this.#following || this.#isClosed) return;
    this.#following = new AbortController();
    void this.#follow(this.#following);
  }

  async #follow(following: AbortController): Promise<void> {
    let timer: unknown;
    const look = (): void => {
      const left = this.#askedAt + idleMs - this.#clock.now();
      if (left <= 0) following.abort();
      else timer = this.#clock.setTimer(look, left);
    };
    timer = this.#clock.setTimer(look, idleMs);
    try {
      for await (const page of this.#feed.follow({ signal: following.signal })) this.#note(page);
    } catch (error) {
      // A runtime that has failed or stopped tells nothing more; versions are looked up all the same.
      this.#logger.debug({ err: error }, 'the cache of the server follows the feed no more');
    } finally {
      this.#clock.clearTimer(timer);
      this.#following = undefined;
    }
  }

  #note({ entries, reset }: FeedPage): void {
    if (reset) this.#entries.clear();
    if (entries.length === 0) return;
    this.#changed.add('*');
    for (const { kind, id } of entries) this.#changed.add(`${kind}:${id}`);
    this.#warming ??= this.#clock.setTimer(() => void this.#renew(), warmEveryMs);
  }

  /** Throws out what has changed; what is asked for often is rendered anew. */
  async #renew(): Promise<void> {
    const changed = this.#changed;
    this.#changed = new Set();
    let left = maxWarmed;
    for (const subject of changed) {
      for (const key of Array.from(this.#bySubject.get(subject) ?? [])) {
        const entry = this.#entries.peek(key);
        if (!entry) continue;
        if (entry.hits < warmHits || left-- <= 0) {
          this.#entries.delete(key);
          continue;
        }
        const rendered = await entry.render().catch(() => undefined);
        if (!rendered) this.#entries.delete(key);
        else if (rendered.version !== entry.rendered.version) {
          this.counts.warmed += 1;
          this.#put(key, { ...entry, rendered, hits: 0 });
        }
      }
    }
    this.#warming = this.#changed.size > 0 && !this.#isClosed ? this.#clock.setTimer(() => void this.#renew(), warmEveryMs) : undefined;
  }
}
