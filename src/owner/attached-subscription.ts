import type { Attached, Outlet, Told } from './method.ts';
import { ReadyMessage } from './carrier.ts';
import type { SubscriptionOptions } from './subscription.ts';

/** As `Subscription`, for a topic whose teller calls. */
export class AttachedSubscription {
  readonly #options: SubscriptionOptions;
  #credit: number;
  #attached: Attached | undefined;
  #isOver = false;

  constructor(options: SubscriptionOptions, attach: (params: unknown, after: string | undefined, outlet: Outlet) => Attached) {
    this.#options = options;
    this.#credit = options.credit;
    const isReady = (): boolean => this.#isReady;
    this.#attached = attach(options.params, options.after, {
      id: options.id,
      get isReady() {
        return isReady();
      },
      tell: told => this.#tell(told),
      end: error => this.#close(() => options.ended(error)),
    });
    // It may have ended at once.
    if (this.#isOver) this.#attached.detach();
  }

  addCredit(more: number): void {
    const had = this.#credit;
    this.#credit = Math.min(had + more, Number.MAX_SAFE_INTEGER);
    if (had <= 0) this.noteRoom();
  }

  /** The carrier has room again. */
  noteRoom(): void {
    if (this.#isReady) this.#attached?.resume();
  }

  /** The client, or its connection, has ended it. */
  end(): void {
    this.#close();
  }

  get #isReady(): boolean {
    return this.#credit > 0 && !this.#isOver && !this.#options.isFull();
  }

  #tell(told: Extract<Told, { readonly type: 'snapshot' }> | ReadyMessage): void {
    if (this.#isOver) return;
    this.#credit--;
    const { id, topic, send, redact } = this.#options;
    if (told instanceof ReadyMessage) return send(told);
    const { cursor, data, reset } = told;
    send({ type: 'snapshot', id, cursor, ...(data !== undefined && { data: topic.topic.redacts ? redact(data) : data }), ...(reset && { reset }) });
  }

  #close(tell?: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#attached?.detach();
    tell?.();
  }
}
