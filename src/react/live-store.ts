import type { FollowUpdate } from '../client/client-api.ts';

/** What is shown of something that changes. */
export interface Live<Value> {
  /** Undefined: not read yet. What was read last stays while the connection is lost. */
  readonly value: Value | undefined;
  /** Why it cannot be followed; undefined: it is. */
  readonly error: Error | undefined;
  /** Whether what is shown may be older than what was told: it is being read. */
  readonly isLoading: boolean;
}

export interface LiveSource<Value> {
  readonly follow: (signal: AbortSignal) => AsyncIterable<FollowUpdate<unknown, unknown>>;
  /** What a first update, or one after a reset, says by itself; undefined: it is to be read. */
  readonly take: (data: unknown) => Value | undefined;
  readonly read: () => Promise<Value>;
}

/** Follows something while anybody looks, and reads it anew when something has happened: one read at a time, whatever comes meanwhile. */
export class LiveStore<Value> {
  readonly #source: LiveSource<Value>;
  readonly #listeners = new Set<() => void>();
  #live: Live<Value> = { value: undefined, error: undefined, isLoading: true };
  #ending: AbortController | undefined;
  #isReading = false;
  #isStale = false;

  constructor(source: LiveSource<Value>) {
    this.#source = source;
  }

  readonly getSnapshot = (): Live<Value> => this.#live;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (!this.#ending) void this.#follow((this.#ending = new AbortController()).signal);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#ending?.abort();
      this.#ending = undefined;
    };
  };

  /** Never rejects. */
  async #follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const { data, entries } of this.#source.follow(signal)) {
        if (signal.aborted) return;
        const value = data === undefined ? undefined : this.#source.take(data);
        if (value !== undefined) this.#set({ value, error: undefined, isLoading: false });
        else if (data !== undefined || entries.length > 0) void this.#read(signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#set({ ...this.#live, error: error as Error, isLoading: false });
    }
  }

  /** Never rejects. */
  async #read(signal: AbortSignal): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#isStale && !signal.aborted) {
        this.#isStale = false;
        const value = await this.#source.read();
        if (!signal.aborted) this.#set({ value, error: undefined, isLoading: this.#isStale });
      }
    } catch (error) {
      if (!signal.aborted) this.#set({ ...this.#live, error: error as Error, isLoading: false });
    } finally {
      this.#isReading = false;
    }
  }

  #set(live: Live<Value>): void {
    this.#live = live;
    for (const listener of this.#listeners) listener();
  }
}
