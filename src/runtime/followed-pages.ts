import type { FlowError } from '../core/errors.ts';
import type { ReconnectingClient } from '../owner/reconnecting-client.ts';

/** What happened since the page before. */
export interface Page<Entry> {
  readonly cursor: string;
  readonly reset?: true;
  readonly entries: readonly Entry[];
}

export interface FollowedOptions {
  readonly topic: string;
  readonly params: Record<string, unknown>;
  readonly after: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Pages that are on their way, or wait to be read, at the same time. */
const maxPages = 4;

/** A topic with cursors, read page by page, through all owners. */
export class FollowedPages<Entry> {
  readonly #client: ReconnectingClient;
  readonly #options: FollowedOptions;
  readonly #pages: Page<Entry>[] = [];
  #place: string | undefined;
  #failure: FlowError | undefined;
  #more: (() => void) | undefined;

  constructor(client: ReconnectingClient, options: FollowedOptions) {
    this.#client = client;
    this.#options = options;
    this.#place = options.after;
  }

  async *read(): AsyncGenerator<Page<Entry>, void, undefined> {
    const { topic, params, signal } = this.#options;
    if (signal?.aborted) return;
    const wake = (): void => this.#more?.();
    signal?.addEventListener('abort', wake, { once: true });
    const subscription = this.#client.follow({
      topic, params: () => params, after: () => this.#place, credit: () => Math.max(0, maxPages - this.#pages.length),
    }, {
      snapshot: ({ cursor, reset }) => {
        // The beginning is told once; where it goes on after a connection has ended is known.
        if (cursor !== null && (this.#place === undefined || reset)) return this.#take({ cursor, entries: [], ...(reset && { reset: true as const }) });
        subscription.credit(1);
      },
      commit: ({ cursor, entries }) => this.#take({ cursor: cursor ?? '', entries: entries as readonly Entry[] }),
      ended: error => {
        this.#failure = error;
        wake();
      },
    });
    try {
      while (!signal?.aborted) {
        const page = this.#pages.shift();
        if (page) {
          yield page;
          subscription.credit(1);
        } else if (this.#failure) {
          throw this.#failure;
        } else {
          await new Promise<void>(resolve => (this.#more = resolve));
        }
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      subscription.close();
    }
  }

  #take(page: Page<Entry>): void {
    this.#place = page.cursor;
    this.#pages.push(page);
    this.#more?.();
  }
}
