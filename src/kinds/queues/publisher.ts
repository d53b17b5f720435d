import type { OutboxRecord } from '../../../persistence/queue-records.ts';
import { FlowError } from '../../core/errors.ts';
import type { Tick } from '../../engine/kind.ts';
import type { Queue } from './define-queue.ts';
import type { Published, PublishRequest } from './queue-commands.ts';
import type { QueueStates } from './queue-states.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface PublisherOptions {
  readonly findQueue: (name: string) => Queue;
  readonly states: () => QueueStates;
  readonly instancesOf: (queue: string) => ReadonlySet<string>;
  /** A message is there that any worker or step may have. */
  readonly published: (message: QueuedMessage, tick: Tick) => void;
}

/** Decides what becomes of a publish: messages, a row of the outbox, or nothing new. */
export class Publisher {
  readonly #options: PublisherOptions;
  /** Idempotency keys of the present tick, which the store does not know yet. */
  readonly #freshKeys = new Map<string, string>();
  /** Messages that another database sent in the present tick. */
  readonly #relayed = new Set<string>();
  /** What the present tick has for other databases. */
  outgoing: OutboxRecord[] = [];
  lastOutboxKey = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** The tick is stored, or dropped. */
  forgetTick(): void {
    this.#freshKeys.clear();
    this.#relayed.clear();
    this.outgoing = [];
  }

  /**
   * Checks everything first: a publish that is refused has changed nothing.
   *
   * @param duplicates what was published before under their keys, as it is stored
   */
  publish(requests: readonly PublishRequest[], duplicates: ReadonlyMap<PublishRequest, string>, tick: Tick): Published[] {
    const answers = requests.map(request => this.#findFresh(request) ?? duplicates.get(request));
    const fresh = requests.filter((_, index) => !answers[index]);
    for (const { queue, to, at } of fresh) {
      if (at !== null || to !== 'all' || this.#options.instancesOf(queue).size > 0) continue;
      throw new FlowError('queue_without_instances', `Expected an instance that gets what is published to all of queue "${queue}", found none. Consume it once with \`instance\`, or publish to one`, { details: { queue } });
    }
    this.#requireRoom(fresh.filter(({ at }) => at === null));
    return requests.map((request, index) => {
      // Two with one key may be in one publish.
      const known = answers[index] ?? this.#findFresh(request);
      return known === undefined ? this.#publishOne(request, tick) : { messageId: known, duplicate: true, copies: 0 };
    });
  }

  #requireRoom(requests: readonly PublishRequest[]): void {
    const more = new Map<string, number>();
    for (const { queue, to } of requests) more.set(queue, (more.get(queue) ?? 0) + (to === 'all' ? this.#options.instancesOf(queue).size : 1));
    for (const [queue, count] of more) {
      const { unsettled: depth } = this.#options.states().stateOf(queue);
      const { maxDepth } = this.#options.findQueue(queue);
      if (depth + count <= maxDepth) continue;
      throw new FlowError('queue_full', `Expected at most ${maxDepth} unsettled messages in queue "${queue}", it has ${depth}. Add workers, or raise \`maxDepth\``, { details: { queue, depth, maxDepth } });
    }
  }

  /** The message that was published with the same key, or came from the same outbox, in this tick. */
  #findFresh({ queue, idempotencyKey, at, relayed, messageId }: PublishRequest): string | undefined {
    if (at !== null) return undefined;
    if (relayed && this.#relayed.has(messageId)) return messageId;
    return idempotencyKey === null ? undefined : this.#freshKeys.get(toFreshKey(queue, idempotencyKey));
  }

  #publishOne(request: PublishRequest, tick: Tick): Published {
    const { now } = tick;
    const { queue, messageId, to, idempotencyKey, dedupeWindowMs, at } = request;
    if (at !== null) {
      const row: OutboxRecord = { key: ++this.lastOutboxKey, target: at, messageId, request: JSON.stringify({ ...request, at: null, relayed: true }), createdAt: now, refusals: 0, dueAt: now, failure: null };
      this.#options.states().changes.outboxPut.set(row.key, row);
      this.outgoing.push(row);
      return { messageId, duplicate: false, copies: 1 };
    }
    if (request.relayed) this.#relayed.add(messageId);
    if (idempotencyKey !== null) {
      this.#freshKeys.set(toFreshKey(queue, idempotencyKey), messageId);
      this.#options.states().changes.messageKeys.push({ queue, idempotencyKey, messageId, expiresAt: now + dedupeWindowMs });
    }
    if (to !== 'all') {
      this.#options.published(this.#options.states().publish(request, to?.instance ?? null, messageId, now), tick);
      return { messageId, duplicate: false, copies: 1 };
    }
    const instances = this.#options.instancesOf(queue);
    for (const instance of instances) this.#options.states().publish(request, instance, `${messageId}@${instance}`, now);
    return { messageId, duplicate: false, copies: instances.size };
  }
}

const toFreshKey = (queue: string, key: string): string => JSON.stringify([queue, key]);
