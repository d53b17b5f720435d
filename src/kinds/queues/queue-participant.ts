import type { Logger } from '../../core/logger.ts';
import type { Answer } from '../../../persistence/answer.ts';
import type { OutboxRecord } from '../../../persistence/queue-records.ts';
import type { Records } from '../../../persistence/store.ts';
import { computeBackoff } from '../../core/backoff.ts';
import type { BelievedTime } from '../../core/believed-time.ts';
import type { Clock } from '../../core/clock.ts';
import { processTime } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { createFailure } from '../../core/failure.ts';
import type { Random } from '../../core/ids.ts';
import type { MutableBatch } from '../../engine/batch.ts';
import type { Participant, Post, Tick } from '../../engine/participant.ts';
import type { Queue } from './define-queue.ts';
import type { Entry } from './entry.ts';
import { toClaimedMessage } from './entry.ts';
import { isFlowClaim, MessageWaiters } from './message-waiters.ts';
import type { MessageRunner, QueueRules } from './queue-book.ts';
import { QueueBook } from './queue-book.ts';
import type { ClaimedMessage, Link, Published, PublishRequest, QueueCommand, Receipt } from './queue-commands.ts';

export interface ParticipantOptions {
  readonly store: Records;
  readonly clock: Clock;
  readonly believed: BelievedTime;
  readonly random: Random;
  readonly logger: Logger;
  readonly machine: MessageRunner;
  /** A queue's declaration, or defaults for one that is not declared here. */
  readonly findQueue: (name: string) => Queue;
  /** How long claims of other processes are kept for them after their owner died, ms. */
  readonly reconnectMs: number;
}

/** Whoever lives in this process by the queues: consumers, the relay of the outbox. */
export interface Dependent {
  /** The queues can be used from now on. */
  begin(): void;
  /** Something was stored. */
  readonly touched?: () => void;
  drain(): void;
  /** What has not ended is given back. */
  release(): void;
  end(error: Error): void;
  readonly idle: boolean;
}

/** Names of links of the owner's own process begin with this. */
export const localPrefix = 'local:';
const pageSize = 10_000;

/** The queues in the host's ticks: what happens to messages is stored in the tick's one commit, and acted on afterwards. */
export class QueueParticipant implements Participant<QueueCommand> {
  readonly #options: ParticipantOptions;
  readonly #links = new Map<string, Link>();
  readonly #dependents = new Set<Dependent>();
  readonly #instances = new Map<string, Set<string>>();
  /** Idempotency keys of the present tick, which the store does not know yet. */
  readonly #freshKeys = new Map<string, string>();
  readonly #waiters: MessageWaiters;
  #book: QueueBook;
  /** Whoever carries messages to other databases. */
  relay: { take(rows: readonly OutboxRecord[]): void } | undefined;
  #outgoing: OutboxRecord[] = [];
  #lastOutboxKey = 0;
  #post: Post<QueueCommand> | undefined;
  #timer: unknown;
  #armedAt = Number.POSITIVE_INFINITY;
  #ready = false;

  constructor(options: ParticipantOptions) {
    this.#options = options;
    this.#book = this.#createBook();
    this.#waiters = new MessageWaiters({ findQueue: options.findQueue, book: () => this.#book, readPayload: key => requireNow(options.store.getMessagePayload(key)) });
  }

  get book(): QueueBook {
    return this.#book;
  }

  #createBook(): QueueBook {
    const { machine, findQueue, random, clock } = this.#options;
    const known = new WeakMap<Queue, QueueRules>();
    return new QueueBook(machine, () => processTime(clock), name => {
      const queue = findQueue(name);
      let rules = known.get(queue);
      if (!rules) known.set(queue, (rules = { ageingMs: queue.ageingMs, maxDepth: queue.maxDepth, backOff: attempt => computeBackoff(queue.backoff, attempt, random.next()) }));
      return rules;
    });
  }

  add(dependent: Dependent): void {
    this.#dependents.add(dependent);
    if (this.#ready) dependent.begin();
  }

  remove(dependent: Dependent): void {
    this.#dependents.delete(dependent);
  }

  /** @throws a `FlowError` with code `runtime_stopped` before the runtime has begun */
  send(command: QueueCommand): Promise<unknown> {
    if (!this.#post) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime; this one has not begun, has stopped or faulted'));
    return this.#post(command);
  }

  /** As `send`, when nobody waits for the answer: what the runtime's end makes of it is its own affair. */
  tell(command: QueueCommand): void {
    this.send(command).catch(error => this.#options.logger.debug({ err: error, command: command.type }, 'a message to the queues was not taken'));
  }

  // the participant

  async begin(post: Post<QueueCommand>): Promise<void> {
    const { store, clock, reconnectMs } = this.#options;
    this.#post = post;
    this.#book = this.#createBook();
    this.#instances.clear();
    this.#freshKeys.clear();
    const now = clock.now();
    const { messageKey, outboxKey, publishedAt } = await store.getQueueMarks();
    this.#lastOutboxKey = outboxKey;
    this.#outgoing = [];
    this.#book.begin({ messageKey, publishedAt });
    for (let after = 0; ; ) {
      const page = await store.listOpenMessages(after, pageSize);
      for (const row of page) this.#book.restore(row, now);
      if (page.length < pageSize) break;
      after = page.at(-1)?.key ?? after;
    }
    for (const { queue, status, count } of await store.countMessages()) {
      const { counts } = this.#book.shelf(queue);
      if (status === 'dead') counts.dead = count;
    }
    for (const { queue, instance } of await store.listInstances()) this.#instancesOf(queue).add(instance);
    await this.#waiters.begin(after => store.listMessageWaiters(after, pageSize), pageSize);
    const flows = this.#book.claimants.filter(isFlowClaim);
    if (flows.length > 0 || this.#waiters.size > 0) this.tell({ type: 'rematch', names: flows });
    const local = this.#book.claimants.filter(name => name.startsWith(localPrefix));
    const remote = this.#book.claimants.filter(name => !name.startsWith(localPrefix) && !isFlowClaim(name));
    // Whoever worked for the former owner in its own process died with it. Others work on, and will be back soon.
    if (local.length > 0) this.tell({ type: 'reclaim', names: local });
    if (remote.length > 0) clock.setTimer(() => this.tell({ type: 'reclaim', names: remote.filter(name => !this.#links.has(name)) }), reconnectMs);
    this.#arm();
    this.#ready = true;
    for (const dependent of this.#dependents) dependent.begin();
  }

  apply(command: QueueCommand, tick: Tick): unknown {
    const book = this.#book;
    const { now } = tick;
    switch (command.type) {
      case 'publish':
        return this.#publish(command.requests, tick);
      case 'claim':
        return book.shelf(command.request.queue).request(command.request);
      case 'unclaim':
        for (const name of book.shelves.keys()) book.unclaim(command.link, name, command.id);
        return undefined;
      case 'answer': {
        const { by, receipt, outcome } = command;
        const isHeld = book.isHeld(by, receipt);
        if (!isHeld && outcome.type === 'ack' && this.#isAcknowledged(by, receipt)) return true;
        if (outcome.type === 'ack' && outcome.publishes?.length && isHeld) this.#publish(outcome.publishes, tick);
        return book.answer(by, receipt, outcome, now);
      }
      case 'attach':
        this.#links.set(command.link.name, command.link);
        return book.giveBack(command.link.name, false, now, command.receipts);
      case 'hangUp':
        return this.#hangUp(command.link, command.released, now);
      case 'reclaim':
        for (const name of command.names) book.giveBack(name, false, now);
        return undefined;
      case 'relayed':
        for (const row of command.refused) book.changes.outboxPut.set(row.key, row);
        return void book.changes.outboxSent.push(...command.sent);
      case 'await':
        return this.#waiters.note(command.waits, tick);
      case 'rematch':
        for (const name of command.names) book.giveBack(name, true, now);
        return this.#waiters.matchAll(tick);
      case 'due':
        book.ring(now);
        return this.#waiters.matchAll(tick);
      case 'redrive':
        return this.#redrive(command.queue, command.messageId, command.limit, now);
      case 'register':
        return this.#register(command.queue, command.instance, now);
      default:
        return this.#forget(command.queue, command.instance, now);
    }
  }

  collect(batch: MutableBatch, now: number): void {
    this.#book.assign(now);
    batch.queues = this.#book.collect(now);
  }

  committed(): void {
    this.#freshKeys.clear();
    if (this.#outgoing.length > 0) this.relay?.take(this.#outgoing.splice(0));
    const { grants, lost } = this.#book.takeGrants();
    for (const { request, entries } of grants) this.#deliver(request.link, request.id, entries);
    for (const [name, receipts] of lost) this.#links.get(name)?.lose(receipts);
    this.#arm();
    for (const dependent of this.#dependents) dependent.touched?.();
  }

  drain(): void {
    for (const dependent of this.#dependents) dependent.drain();
  }

  release(): void {
    for (const dependent of this.#dependents) dependent.release();
  }

  get idle(): boolean {
    for (const dependent of this.#dependents) if (!dependent.idle) return false;
    return true;
  }

  end(error: Error): void {
    this.#ready = false;
    this.#post = undefined;
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
    for (const dependent of this.#dependents) dependent.end(error);
  }

  // what it is told

  /** Checks everything first: a publish that is refused has changed nothing. */
  #publish(requests: readonly PublishRequest[], tick: Tick): Published[] {
    const { now } = tick;
    const answers = requests.map(request => this.#findDuplicate(request, now));
    const fresh = requests.filter((_, index) => !answers[index]);
    for (const { queue, to, at } of fresh) {
      if (at !== null || to !== 'all' || this.#instancesOf(queue).size > 0) continue;
      throw new FlowError('queue_without_instances', `Expected an instance that gets what is published to all of queue "${queue}", found none. Consume it once with \`instance\`, or publish to one`, { details: { queue } });
    }
    const refusal = this.#book.findRefusal(fresh.filter(({ at }) => at === null), queue => this.#instancesOf(queue).size);
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
      const [first = messageId] = request.to === 'all' ? [...this.#instancesOf(queue)].map(instance => `${messageId}@${instance}`) : [messageId];
      if (this.#book.get(first) || requireNow(this.#options.store.getMessage(first))) return messageId;
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
      const row: OutboxRecord = { key: ++this.#lastOutboxKey, target: at, messageId, request: JSON.stringify({ ...request, at: null, relayed: true }), createdAt: now, refusals: 0, dueAt: now, failure: null };
      this.#book.changes.outboxPut.set(row.key, row);
      this.#outgoing.push(row);
      return { messageId, duplicate: false, copies: 1 };
    }
    if (idempotencyKey !== null) {
      this.#freshKeys.set(toFreshKey(queue, idempotencyKey), messageId);
      this.#book.changes.messageKeys.push({ queue, idempotencyKey, messageId, expiresAt: now + dedupeWindowMs });
    }
    if (to !== 'all') {
      this.#waiters.offer(this.#book.publish(request, to?.instance ?? null, messageId, now), tick);
      return { messageId, duplicate: false, copies: 1 };
    }
    const instances = this.#instancesOf(queue);
    for (const instance of instances) this.#book.publish(request, instance, `${messageId}@${instance}`, now);
    return { messageId, duplicate: false, copies: instances.size };
  }

  /** It is said again what is stored: the answer was lost with the connection. */
  #isAcknowledged(by: string, { messageId, claim }: Receipt): boolean {
    const row = requireNow(this.#options.store.getMessage(messageId));
    return row?.status === 'completed' && row.claim === claim && row.claimedBy === by;
  }

  #hangUp(link: Link, released: boolean, now: number): void {
    for (const name of this.#book.shelves.keys()) this.#book.unclaim(link, name);
    // Its process may have connected anew already.
    if (this.#links.get(link.name) !== link) return;
    this.#links.delete(link.name);
    this.#book.giveBack(link.name, released, now);
  }

  #redrive(queue: string, messageId: string | undefined, limit: number, now: number): number {
    const { store } = this.#options;
    const one = messageId === undefined ? undefined : requireNow(store.getMessage(messageId));
    const rows = messageId === undefined ? requireNow(store.listMessages({ queue, status: 'dead', limit })) : one && one.queue === queue && one.status === 'dead' ? [one] : [];
    let count = 0;
    // In the order of publishing. One that was redriven earlier in this tick is dead in the store still.
    for (const row of rows.toReversed()) {
      if (this.#book.get(row.messageId)) continue;
      this.#book.redrive(row, now);
      count++;
    }
    return count;
  }

  #register(queue: string, instance: string, now: number): void {
    const known = this.#instancesOf(queue);
    if (known.has(instance)) return;
    known.add(instance);
    this.#book.changes.registered.push({ queue, instance, registeredAt: now });
  }

  #forget(queue: string, instance: string, now: number): void {
    this.#instancesOf(queue).delete(instance);
    this.#book.changes.forgotten.push({ queue, instance });
    const failure = createFailure('instance_forgotten', `The instance "${instance}" it was for is gone for good`);
    for (const entry of this.#book.shelf(queue).listOwn(instance)) this.#book.refuse(entry, failure, now);
  }

  #instancesOf(queue: string): Set<string> {
    let known = this.#instances.get(queue);
    if (!known) this.#instances.set(queue, (known = new Set()));
    return known;
  }

  // after the commit

  #deliver(link: Link, requestId: number, entries: readonly Entry[]): void {
    const messages: Answer<ClaimedMessage>[] = entries.map(entry => {
      const payload = this.#book.takePayload(entry) ?? this.#options.store.getMessagePayload(entry.key);
      // As it was claimed: what happens to it until its payload has been read is another's.
      const message = toClaimedMessage(entry, '');
      return payload instanceof Promise ? payload.then(text => ({ ...message, payload: text ?? 'null' })) : { ...message, payload: payload ?? 'null' };
    });
    const isRead = (message: Answer<ClaimedMessage>): message is ClaimedMessage => !(message instanceof Promise);
    if (messages.every(isRead)) return link.deliver(requestId, messages);
    Promise.all(messages).then(
      list => link.deliver(requestId, list),
      error => this.#options.logger.error({ err: error }, 'payloads could not be read; their claims will run out'),
    );
  }

  #arm(): void {
    const { clock } = this.#options;
    const until = this.#book.untilDue(clock.now());
    if (until === undefined) return;
    const next = processTime(clock) + until;
    if (this.#timer !== undefined && next >= this.#armedAt) return;
    if (this.#timer !== undefined) clock.clearTimer(this.#timer);
    this.#armedAt = next;
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined;
      this.#armedAt = Number.POSITIVE_INFINITY;
      this.tell({ type: 'due' });
    }, until);
  }

  /** Links of this process, so that they can be told what they have lost. */
  attach(link: Link): void {
    this.#links.set(link.name, link);
  }

}

const toFreshKey = (queue: string, key: string): string => JSON.stringify([queue, key]);

/** Inside a tick there is no waiting: queues need a store that answers at once. */
function requireNow<T>(answer: Answer<T>): T {
  if (!(answer instanceof Promise)) return answer;
  answer.catch(() => undefined);
  throw new FlowError('store_unsupported', 'Expected a store that answers at once, as the embedded ones do; queues cannot be used with this one');
}
