import type { FeedReader, FeedRow, FeedState } from '../../../persistence/feed-store.ts';
import type { Answer } from '../../../persistence/answer.ts';
import { laterTurn } from '../../core/clock.ts';
import { isFlowError } from '../../core/errors.ts';
import type { FeedEntry } from './feed-entry.ts';
import type { FeedOptions } from './feed-options.ts';
import { readCursor, writeCursor } from './feed-cursor.ts';
import type { KeptRow } from './feed-rows.ts';
import { FeedRows } from './feed-rows.ts';
import { toFilter } from './feed-topics.ts';

/** What happened since the page before, in order; at most about 256 entries. */
export interface FeedPage {
  /** Behind this page: give it as `after` to go on here, from any process, also after a restart. Opaque. */
  readonly cursor: string;
  /** What happened after the cursor that was given cannot be told any more (pruned, or a backup was restored): look at the state anew. */
  readonly reset?: true;
  readonly entries: readonly FeedEntry[];
}

const pageEntries = 256;
/** Length of a page as text, at most, unless one row is longer; characters. */
const pageLength = 256 * 1_024;

/** The journal of a store, as it can be followed. */
export class Feed {
  readonly #reader: FeedReader;
  readonly #rows: FeedRows;
  /** Whose rows are kept. */
  #owner: string | undefined;
  #waiting = new Set<() => void>();
  /** Whether somebody waits to be told what is committed next. */
  isFollowed = false;
  /** Reads of the store that are under way. */
  readonly #reads = new Set<Promise<unknown>>();
  #ended: { readonly error: Error | undefined } | undefined;

  /** @param toEntries takes a row apart */
  constructor(reader: FeedReader, toEntries: (row: FeedRow) => readonly FeedEntry[]) {
    this.#reader = reader;
    this.#rows = new FeedRows(reader, toEntries, read => this.#read(read));
  }

  /** Something may have been committed. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    this.isFollowed = false;
    for (const resume of waiting) resume();
  }

  /** Ends whoever follows: once everything is told, or with an error. */
  end(error?: Error): void {
    this.#ended = { error };
    this.wake();
  }

  /** Waits until whoever follows, and is not slow itself, has read to the end. */
  async drain(): Promise<void> {
    do {
      await Promise.allSettled(this.#reads);
      await new Promise<void>(laterTurn);
    } while (this.#reads.size > 0);
  }

  async #read<T>(read: () => Answer<T>): Promise<T> {
    const reading = (async () => read())();
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Goes on after an end. */
  begin(): void {
    this.#ended = undefined;
  }

  /** The cursor behind what is stored now. */
  async here(): Promise<string> {
    const state = await this.#read(() => this.#reader.getFeedState());
    return writeCursor(state, state.head);
  }

  /**
   * Tells everything that happens, page by page, from a place on. The first page has the place, also when nothing has happened yet.
   *
   * @throws a `FlowError` with code `cursor_invalid` or `option_invalid`
   */
  follow({ after, topics, signal }: FeedOptions = {}): AsyncGenerator<FeedPage, void, undefined> {
    return this.#follow(after, toFilter(topics), signal, false);
  }

  /** Tells what is stored after a place, and ends there: the last page has that place, and no entries. */
  catchUp(after: string, signal?: AbortSignal): AsyncGenerator<FeedPage, void, undefined> {
    return this.#follow(after, toFilter(undefined), signal, true);
  }

  async *#follow(after: string | undefined, passes: ReturnType<typeof toFilter>, signal: AbortSignal | undefined, endsHere: boolean): AsyncGenerator<FeedPage, void, undefined> {
    let place = after === undefined ? await this.here() : after;
    if (after === undefined) yield { cursor: place, entries: [] };
    while (!signal?.aborted) {
      // Before the look: what is committed meanwhile wakes at once.
      const { news, leave } = this.#listen(signal);
      try {
        const ended = this.#ended;
        const state = await this.#readState();
        const number = place === 'start' ? state.prunedTo : readCursor(state, place);
        if (number === undefined) {
          place = writeCursor(state, state.head);
          yield { cursor: place, reset: true, entries: [] };
          continue;
        }
        const page = number < state.head ? await this.#readPage(number) : [];
        const last = page.at(-1);
        if (last) {
          place = writeCursor(state, last.row.number);
          const entries = page.flatMap(kept => kept.entries.filter(passes));
          if (entries.length > 0) yield { cursor: place, entries };
          continue;
        }
        // Numbers at the end can be of rows that are gone.
        place = writeCursor(state, state.head);
        if (ended?.error) throw ended.error;
        if (endsHere) yield { cursor: place, entries: [] };
        if (ended || endsHere) return;
        await news;
      } catch (error) {
        // Whoever was slow finds the store of a runtime that has stopped closed.
        if (this.#ended && !this.#ended.error && isFlowError(error, 'store_closed')) return;
        throw error;
      } finally {
        leave();
      }
    }
  }

  /** What is kept is of one owner: another may have given the same numbers, in a file that a backup was put into. */
  async #readState(): Promise<FeedState> {
    const state = await this.#read(() => this.#reader.getFeedState());
    const owner = state.owners.at(-1)?.id;
    if (owner !== this.#owner) this.#rows.forget();
    this.#owner = owner;
    return state;
  }

  #listen(signal: AbortSignal | undefined): { readonly news: Promise<void>; readonly leave: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const resume = (): void => resolve();
    const leave = (): void => {
      this.#waiting.delete(resume);
      this.isFollowed = this.#waiting.size > 0;
      // A signal may outlive many looks.
      signal?.removeEventListener('abort', resume);
    };
    this.#waiting.add(resume);
    this.isFollowed = true;
    signal?.addEventListener('abort', resume, { once: true });
    return { news: promise, leave };
  }

  async #readPage(after: number): Promise<readonly KeptRow[]> {
    const rows = await this.#rows.after(after);
    let entries = 0;
    let length = 0;
    const end = rows.findIndex(kept => (entries += kept.entries.length) > pageEntries || (length += kept.row.entries.length) > pageLength);
    return end < 0 ? rows : rows.slice(0, Math.max(1, end));
  }
}
