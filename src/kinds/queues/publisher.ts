import type { OutboxRecord } from '../../../persistence/queue-records.ts';
import type { Records } from '../../../persistence/store.ts';
import type { BelievedTime } from '../../core/believed-time.ts';
import { FlowError } from '../../core/errors.ts';
import type { Tick } from '../../engine/kind.ts';
import type { Queue } from './define-queue.ts';
import type { Entry } from './entry.ts';
import type { QueueBook } from './queue-book.ts';
import type { Published, PublishRequest } from './queue-commands.ts';
import { requireNow } from './require-now.ts';

export interface PublisherOptions {
  readonly store: Records;
  readonly believed: BelievedTime;
  readonly findQueue: (name: string) => Queue;
  readonly book: () => QueueBook;
  readonly instancesOf: (queue: string) => ReadonlySet<string>;
  /** A message is there that any worker or step may have. */
  readonly published: (entry: Entry, tick: Tick) => void;
}

/** Decides what becomes of a publish: messages, a row of the outbox, or nothing new. */
export class Publisher {
  readonly #options: PublisherOptions;
  /** Idempotency keys of the present tick, which the store does not know yet. */
  readonly #freshKeys = new Map<string, string>();
  /** What the present tick has for other databases. */
  outgoing: OutboxRecord[] = [];
  lastOutboxKey = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** The tick is stored, or dropped. */
  forgetTick(): void {
    this.#freshKeys.clear();
    this.outgoing = [];
  }

  /** Checks everything first: a publish that is refused has changed nothing. */
  publish(requests: readonly PublishRequest[], tick: Tick): Published[] {
    const { now } = tick;
    const answers = requests.map(request => this.#findDuplicate(request, now));
    const fresh = requests.filter((_, index) => !answers[index]);
    for (const { queue, to, at } of fresh) {
      if (at !== null || to !== 'all' || this.#options.instancesOf(queue).size > 0) continue;
      throw new FlowError('queue_without_instances', `Expected an instance that gets what is published to all of queue "${queue}", found none. Consume it once with \`instance\`, or publish to one`, { details: { queue } });
    }
    const refusal = this.#options.book().findRefusal(fresh.filter(({ at }) => at === null), queue => this.#options.instancesOf(queue).size);
    if (refusal) {
      const { queue, depth } = refusal;
      const { maxDepth } = this.#options.findQueue(queue);
      throw new FlowError('queue_full', `Expected at most ${maxDepth} unsettled messages in queue "${queue}", it has ${depth}. Add workers, or raise \`maxDepth\``, { details: { queue, depth, maxDepth } });
    }
    return requests.map((request, index) => {
      // Two with one key may be in one publish.
      const known = answers[index] ?? this.#findFresh(request);
      return known === undefined ? this.#publishOne(request, tick) : { messageId: known, duplicate: true, copies: 0 };
    });
  }

  #findDuplicate(request: PublishRequest, now: number): string | undefined {
    const { queue, idempotencyKey, messageId, relayed } = request;
    // Whether it is one is for the other database to say.
    if (request.at !== null) return undefined;
    if (relayed) {
      const [first = messageId] = request.to === 'all' ? [...this.#options.instancesOf(queue)].map(instance => `${messageId}@${instance}`) : [messageId];
      if (this.#options.book().get(first) || requireNow(this.#options.store.getMessage(first))) return messageId;
    }
    if (idempotencyKey === null) return undefined;
    // To forget a key is to delete: not by a clock that shows a day far ahead for a minute.
    return this.#findFresh(request) ?? requireNow(this.#options.store.findMessageByKey(queue, idempotencyKey, Math.min(now, this.#options.believed.peek())));
  }

  #findFresh({ queue, idempotencyKey, at }: PublishRequest): string | undefined {
    return idempotencyKey === null || at !== null ? undefined : this.#freshKeys.get(toFreshKey(queue, idempotencyKey));
  }

  #publishOne(request: PublishRequest, tick: Tick): Published {
    const { now } = tick;
    const { queue, messageId, to, idempotencyKey, dedupeWindowMs, at } = request;
    if (at !== null) {
      const row: OutboxRecord = { key: ++this.lastOutboxKey, target: at, messageId, request: JSON.stringify({ ...request, at: null, relayed: true }), createdAt: now, refusals: 0, dueAt: now, failure: null };
      this.#options.book().changes.outboxPut.set(row.key, row);
      this.outgoing.push(row);
      return { messageId, duplicate: false, copies: 1 };
    }
    if (idempotencyKey !== null) {
      this.#freshKeys.set(toFreshKey(queue, idempotencyKey), messageId);
      this.#options.book().changes.messageKeys.push({ queue, idempotencyKey, messageId, expiresAt: now + dedupeWindowMs });
    }
    if (to !== 'all') {
      this.#options.published(this.#options.book().publish(request, to?.instance ?? null, messageId, now), tick);
      return { messageId, duplicate: false, copies: 1 };
    }
    const instances = this.#options.instancesOf(queue);
    for (const instance of instances) this.#options.book().publish(request, instance, `${messageId}@${instance}`, now);
    return { messageId, duplicate: false, copies: instances.size };
  }
}

const toFreshKey = (queue: string, key: string): string => JSON.stringify([queue, key]);
