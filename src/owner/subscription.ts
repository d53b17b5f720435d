import type { ReadyMessage } from './carrier.ts';
import type { Message } from './protocol.ts';
import type { Following, Peer, ServedTopic, Told } from './method.ts';

export interface SubscriptionOptions {
  readonly id: number;
  readonly topic: ServedTopic;
  readonly params: unknown;
  readonly after: string | undefined;
  readonly credit: number;
  readonly peer: Peer;
  /** The carrier holds as much as it can. */
  readonly isFull: () => boolean;
  readonly send: (message: Message<'snapshot' | 'commit' | 'volatile'> | ReadyMessage) => void;
  readonly redact: (value: unknown) => unknown;
  /** It has ended; undefined: there was nothing more to tell. */
  readonly ended: (error: unknown) => void;
}

/** Tells one client of one topic, as fast as the client gives credit: it holds at most what one step of the topic tells. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #ending = new AbortController();
  #credit: number;
  #isLeft = false;
  #more: (() => void) | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#credit = options.credit;
    void this.#run();
  }

  addCredit(more: number): void {
    this.#credit = Math.min(this.#credit + more, Number.MAX_SAFE_INTEGER);
    this.#more?.();
  }

  /** The carrier has room again. */
  noteRoom(): void {
    this.#more?.();
  }

  /** @param isLeft whether the client wanted it so; otherwise the connection has ended */
  end(isLeft: boolean): void {
    this.#isLeft = isLeft;
    this.#ending.abort();
    this.#more?.();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { topic, params, after, peer, ended } = this.#options;
    const { signal } = this.#ending;
    const following: Following = { peer, after, signal, isLeft: () => this.#isLeft };
    try {
      for await (const told of topic.follow(params, following)) {
        if (told.type !== 'volatile') await this.#takeCredit();
        if (signal.aborted) return;
        this.#tell(told);
      }
      if (!signal.aborted) ended(undefined);
    } catch (error) {
      if (!signal.aborted) ended(error);
    }
  }

  async #takeCredit(): Promise<void> {
    // Whoever gives much credit and reads little is told no more than the carrier holds.
    while ((this.#credit === 0 || this.#options.isFull()) && !this.#ending.signal.aborted) await new Promise<void>(resolve => (this.#more = resolve));
    this.#more = undefined;
    this.#credit--;
  }

  #tell(told: Told): void {
    const { id, topic, isFull, send, redact } = this.#options;
    const clean = topic.topic.redacts ? redact : (value: unknown): unknown => value;
    if (told.type === 'volatile') {
      if (!isFull()) send({ type: 'volatile', id, data: clean(told.data) });
    } else if (told.type === 'snapshot') {
      const { cursor, data, reset } = told;
      send({ type: 'snapshot', id, cursor, ...(data !== undefined && { data: clean(data) }), ...(reset && { reset }) });
    } else {
      const { cursor, entries, more } = told;
      send({ type: 'commit', id, cursor, entries: clean(entries) as unknown[], ...(more && { more }) });
    }
  }
}
