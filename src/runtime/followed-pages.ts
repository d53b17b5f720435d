import type { FlowError } from '../core/errors.ts';
import type { ReconnectingClient } from '../owner/reconnecting-client.ts';

/** What happened since the page before. */
export interface Page<Entry> {
  readonly cursor: string;
  readonly reset?: true;
  /** How it stands, at the beginning and after a reset, of a topic that tells so. */
  readonly data?: unknown;
  readonly entries: readonly Entry[];
}

export interface FollowedOptions {
  readonly topic: string;
  readonly params: Record<string, unknown>;
  readonly after: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Pages that are on their way, or wait to be read, at the same time. */
const maxPages = 16;
/** Credit is given for so many at once: each time is a message. */
const creditStep = 8;

/** A topic with cursors, read page by page, through all owners. */
export class FollowedPages<Entry> {
  readonly #client: ReconnectingClient;
  readonly #options: FollowedOptions;
  readonly #pages: Page<Entry>[] = [];
  #place: string | undefined;
  /** What belongs together, until all of it has come. */
  #gathered: Entry[] = [];
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
    let owed = 0;
    const give = (): void => {
      if (++owed < creditStep) return;
      subscription.credit(owed);
      owed = 0;
    };
    const subscription = this.#client.follow({
      topic, params: () => params, after: () => this.#place,
      credit: () => {
        owed = 0;
        return Math.max(1, maxPages - this.#pages.length);
      },
    }, {
      snapshot: ({ cursor, data, reset }) => {
        this.#gathered = [];
        // The beginning is told once; where it goes on after a connection has ended is known.
        if (data === undefined && this.#place !== undefined && !reset) return give();
        this.#take(cursor, { entries: [], ...(data !== undefined && { data }), ...(reset && { reset: true as const }) });
      },
      commit: ({ cursor, entries, more }) => {
        this.#gathered.push(...(entries as readonly Entry[]));
        if (more) return give();
        this.#take(cursor, { entries: this.#gathered.splice(0) });
      },
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
          give();
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

  #take(cursor: string | null, page: Omit<Page<Entry>, 'cursor'>): void {
    // A topic without places begins anew with each connection.
    this.#place = cursor ?? undefined;
    this.#pages.push({ cursor: cursor ?? '', ...page });
    this.#more?.();
  }
}
