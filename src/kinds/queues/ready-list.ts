import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import type { OpenMessage } from '../../../persistence/queue-store.ts';
import type { ReadMessages, Stretch } from './message-requests.ts';
import { readHeads } from './message-requests.ts';
import { computeRank } from './priority.ts';
import type { QueuedMessage } from './queued-message.ts';
import { isBefore, isDue } from './queued-message.ts';

/** Rows read at a time, at most. */
const maxPage = 250;

/** What a list needs of its queue. */
export interface ReadyListOptions {
  readonly read: ReadMessages;
  /** Where its messages are stored. */
  readonly stretch: Stretch;
  /** Messages of a priority that stay in memory. */
  readonly window: number;
  readonly ageingMs: () => number | null;
  /** Takes a row into memory; undefined: what is stored of it is not so any more. */
  readonly adopt: (row: OpenMessage) => QueuedMessage | undefined;
  /** It is in no window any more. */
  readonly release: (message: QueuedMessage) => void;
  /** Whether another one of its partition is being handled. */
  readonly isBlocked: (message: QueuedMessage) => boolean;
}

/** The first messages of one priority, in order. */
interface Window {
  readonly messages: QueuedMessage[];
  /** The last one that was read; all that are stored up to it are in memory. Undefined: none was. */
  last: Pick<QueuedMessage, 'visibleAt' | 'key'> & { readonly dueAt: number | null } | undefined;
  /** Whether nothing is stored behind it. */
  isWhole: boolean;
}

/**
 * The free messages of one queue and instance in the order in which they are handed out: of each priority the first ones are
 * in memory, and ranked against each other when one is taken. A changed ageing costs nothing.
 */
export class ReadyList {
  readonly #options: ReadyListOptions;
  readonly #windows = new Map<number, Window>();
  /** Whether it is known which priorities are stored. */
  #isOpened = false;
  /** Became free in this tick behind a window: not stored yet, so no reading finds them. */
  #beyond: QueuedMessage[] = [];

  constructor(options: ReadyListOptions) {
    this.#options = options;
  }

  /** Whether so many could be handed out without reading, as far as there are as many. */
  has(count: number, now: number): boolean {
    if (!this.#isOpened) return false;
    for (const window of this.#windows.values()) if (this.#lacks(window, count, now)) return false;
    return true;
  }

  /** Reads so many of each priority, as far as there are as many. */
  load(count: number, now: number): Answer<void> {
    if (!this.#isOpened) return chain(this.#open(), () => this.load(count, now));
    const lacking = [...this.#windows].filter(([, window]) => this.#lacks(window, count, now));
    if (lacking.length === 0) return undefined;
    const { read, stretch } = this.#options;
    const requests = lacking.map(([priority, { last }]) => ({
      index: stretch.index, prefix: [...stretch.prefix, priority], ...(last && { after: [last.visibleAt, last.key] }), limit: this.#page,
    }));
    return chain(read(requests), answers => {
      for (const [index, [priority, window]] of lacking.entries()) this.#absorb(priority, window, answers[index] ?? []);
      return this.load(count, now);
    });
  }

  get #page(): number {
    return Math.min(this.#options.window, maxPage);
  }

  #open(): Answer<void> {
    return chain(readHeads(this.#options.read, this.#options.stretch, this.#page), heads => {
      if (this.#isOpened) return;
      this.#isOpened = true;
      for (const [priority, rows] of heads) {
        const window: Window = { messages: [], last: undefined, isWhole: false };
        this.#windows.set(priority, window);
        this.#absorb(priority, window, rows);
      }
      const beyond = this.#beyond;
      this.#beyond = [];
      for (const message of beyond) this.add(message);
    });
  }

  #lacks({ messages, last, isWhole }: Window, count: number, now: number): boolean {
    if (isWhole) return false;
    let found = 0;
    for (const message of messages) if (this.#isOpen(message, now) && ++found >= count) return false;
    // Behind one whose time has not come nothing is due.
    return last === undefined || last.dueAt === null || last.dueAt <= now;
  }

  #absorb(priority: number, window: Window, rows: readonly OpenMessage[]): void {
    for (const row of rows) {
      window.last = { visibleAt: row.visibleAt, key: row.key, dueAt: row.dueAt };
      const message = this.#options.adopt(row);
      if (message && !message.listed) insert(window.messages, message);
    }
    window.isWhole = rows.length < this.#page;
    const beyond = this.#beyond;
    this.#beyond = [];
    for (const message of beyond) {
      if (message.priority === priority) this.add(message);
      else this.#beyond.push(message);
    }
  }

  /** A message is free from now on. */
  add(message: QueuedMessage): void {
    let window = this.#windows.get(message.priority);
    if (!window && this.#isOpened) this.#windows.set(message.priority, (window = { messages: [], last: undefined, isWhole: true }));
    if (window && (window.isWhole || (window.last && !isBefore(window.last, message)))) insert(window.messages, message);
    else this.#beyond.push(message);
  }

  /** Takes one out, wherever it is. */
  remove(message: QueuedMessage): void {
    if (!message.listed) {
      if (this.#beyond.length > 0) this.#beyond = this.#beyond.filter(one => one !== message);
      return;
    }
    message.listed = false;
    const messages = this.#windows.get(message.priority)?.messages ?? [];
    if (messages[0] === message) messages.shift();
    else messages.splice(findPlace(messages, message), 1);
  }

  /** The next one; it stays. */
  peek(now: number): QueuedMessage | undefined {
    let best: QueuedMessage | undefined;
    for (const { messages } of this.#windows.values()) {
      const message = this.#findOpen(messages, now);
      if (message && (!best || this.isUrgent(message, best))) best = message;
    }
    return best;
  }

  /** Whether the first goes before the other one, whatever their priorities. */
  isUrgent(one: QueuedMessage, other: QueuedMessage): boolean {
    const ageingMs = this.#options.ageingMs();
    const ahead = computeRank(one.priority, one.visibleAt, ageingMs) - computeRank(other.priority, other.visibleAt, ageingMs);
    return ahead > 0 || (ahead === 0 && one.key < other.key);
  }

  #findOpen(messages: readonly QueuedMessage[], now: number): QueuedMessage | undefined {
    const [first] = messages;
    if (first === undefined || this.#isOpen(first, now)) return first;
    return messages.find(message => this.#isOpen(message, now));
  }

  #isOpen(message: QueuedMessage, now: number): boolean {
    return isDue(message, now) && !this.#options.isBlocked(message);
  }

  /** All is stored: what is behind the windows is found there. */
  committed(): void {
    for (const message of this.#beyond) this.#options.release(message);
    this.#beyond = [];
    const { window: size, release, isBlocked } = this.#options;
    for (const [priority, window] of this.#windows) {
      const { messages } = window;
      if (messages.length === 0 && window.isWhole) this.#windows.delete(priority);
      if (messages.length <= 2 * size) continue;
      // Those that have to wait for others of their partition do not count: they would be read again and again.
      let left = size;
      const cut = 1 + messages.findIndex(message => !isBlocked(message) && --left === 0);
      if (cut === 0 || cut === messages.length) continue;
      for (const message of messages.splice(cut)) {
        message.listed = false;
        release(message);
      }
      const last = messages.at(-1) as QueuedMessage;
      window.last = { visibleAt: last.visibleAt, key: last.key, dueAt: last.snapshot.context.dueAt };
      window.isWhole = false;
    }
  }
}

function insert(messages: QueuedMessage[], message: QueuedMessage): void {
  message.listed = true;
  const last = messages.at(-1);
  if (last === undefined || isBefore(last, message)) messages.push(message);
  else messages.splice(findPlace(messages, message), 0, message);
}

/** Index of the first that does not go before it. */
function findPlace(messages: readonly QueuedMessage[], message: QueuedMessage): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(messages[middle] as QueuedMessage, message)) low = middle + 1;
    else high = middle;
  }
  return low;
}
