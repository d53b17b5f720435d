import type { Logger } from '../../core/logger.ts';
import type { Answer } from '../../../persistence/answer.ts';
import type { OutboxRecord } from '../../../persistence/queue-records.ts';
import type { Records } from '../../../persistence/store.ts';
import { computeBackoff } from '../../core/backoff.ts';
import type { BelievedTime } from '../../core/believed-time.ts';
import type { Clock } from '../../core/clock.ts';
import { processTime } from '../../core/clock.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import { createFailure } from '../../core/failure.ts';
import type { Random } from '../../core/ids.ts';
import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';
import type { DueKind } from '../../engine/due.ts';
import type { Envelope, Kind, Life, Tick } from '../../engine/kind.ts';
import { refuse } from '../../engine/kind.ts';
import { isStoreTrouble } from '../../engine/store-trouble.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import type { Queue } from './define-queue.ts';
import type { Entry } from './entry.ts';
import { toClaimedMessage } from './entry.ts';
import { isFlowClaim, MessageWaiters } from './message-waiters.ts';
import type { MessageRunner, QueueRules } from './queue-book.ts';
import { Publisher } from './publisher.ts';
import { QueueBook } from './queue-book.ts';
import { requireNow } from './require-now.ts';
import type { ClaimedMessage, ClaimRequest, Link, QueueCommand, Receipt } from './queue-commands.ts';

export interface ParticipantOptions {
  readonly store: Records;
  readonly clock: Clock;
  readonly believed: BelievedTime;
  readonly random: Random;
  readonly logger: Logger;
  readonly machine: MessageRunner;
  readonly flows: FlowInbox;
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
export class QueueParticipant implements Kind<QueueCommand>, DueKind {
  readonly name = 'queues';
  readonly #options: ParticipantOptions;
  readonly #links = new Map<string, Link>();
  readonly #dependents = new Set<Dependent>();
  readonly #instances = new Map<string, Set<string>>();
  readonly #publisher: Publisher;
  readonly #waiters: MessageWaiters;
  #book: QueueBook;
  /** Whoever carries messages to other databases. */
  relay: { take(rows: readonly OutboxRecord[]): void } | undefined;
  #life: Life | undefined;
  /** Claims that were asked for in this tick. */
  #asked: ClaimRequest[] = [];
  #ready = false;

  constructor(options: ParticipantOptions) {
    this.#options = options;
    this.#book = this.#createBook();
    this.#publisher = new Publisher({ ...options, book: () => this.#book, instancesOf: queue => this.#instancesOf(queue), published: (entry, tick) => this.#waiters.offer(entry, tick) });
    this.#waiters = new MessageWaiters({ flows: options.flows, findQueue: options.findQueue, book: () => this.#book, readPayload: key => requireNow(options.store.getMessagePayload(key)) });
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
    if (!this.#life) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime; this one has not begun, has stopped or faulted'));
    return this.#life.ask(this, command);
  }

  /** As `send`, when nobody waits for the answer: what the runtime's end makes of it is its own affair. */
  tell(command: QueueCommand): void {
    this.#life?.post(this.toCommand(command));
  }

  toCommand(command: QueueCommand): Envelope {
    return { kind: this, command };
  }

  // the kind

  async begin(life: Life): Promise<void> {
    const { clock, reconnectMs } = this.#options;
    this.#life = life;
    await this.#read();
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

  /** What is unsettled, as it is stored. */
  async #read(): Promise<void> {
    const { store, clock } = this.#options;
    this.#book = this.#createBook();
    this.#instances.clear();
    this.#forgetTick();
    const now = clock.now();
    const { messageKey, outboxKey, publishedAt } = await store.getQueueMarks();
    this.#publisher.lastOutboxKey = outboxKey;
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
  }

  /** Workers that waited before the tick wait again; the waits of steps know their messages again. */
  async readBack(): Promise<void> {
    const before = this.#book;
    const asked = new Set(this.#asked);
    const requests = before.takeRequests().filter(request => !asked.has(request));
    await this.#read();
    for (const request of requests) this.#book.shelf(request.queue).request(request);
    this.#waiters.recall();
  }

  apply(command: QueueCommand, tick: Tick): unknown {
    try {
      return this.#apply(command, tick);
    } catch (error) {
      // Whatever is refused so has changed nothing.
      if (isFlowError(error) && !isStoreTrouble(error)) return refuse(error);
      throw error;
    }
  }

  #apply(command: QueueCommand, tick: Tick): unknown {
    const book = this.#book;
    const { now } = tick;
    switch (command.type) {
      case 'publish':
        return this.#publisher.publish(command.requests, tick);
      case 'claim':
        this.#asked.push(command.request);
        return book.shelf(command.request.queue).request(command.request);
      case 'unclaim':
        for (const name of book.shelves.keys()) book.unclaim(command.link, name, command.id);
        return undefined;
      case 'answer': {
        const { by, receipt, outcome } = command;
        const isHeld = book.isHeld(by, receipt);
        if (!isHeld && outcome.type === 'ack' && this.#isAcknowledged(by, receipt)) return true;
        if (outcome.type === 'ack' && outcome.publishes?.length && isHeld) this.#publisher.publish(outcome.publishes, tick);
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
        book.ring(now, command.key);
        return this.#waiters.matchAll(tick);
      case 'bury':
        return void book.bury(command.key, command.failure, now);
      case 'redrive':
        return this.#redrive(command.queue, command.messageId, command.limit, now);
      case 'register':
        return this.#register(command.queue, command.instance, now);
      default:
        return this.#forget(command.queue, command.instance, now);
    }
  }

  collect(batch: MutableBatch, now: number): boolean {
    this.#book.assign(now);
    batch.queues = this.#book.collect(now);
    return true;
  }

  perform(): void {
    const { outgoing } = this.#publisher;
    this.#forgetTick();
    if (outgoing.length > 0) this.relay?.take(outgoing);
    const { grants, lost } = this.#book.takeGrants();
    for (const { request, entries } of grants) this.#deliver(request.link, request.id, entries);
    for (const [name, receipts] of lost) this.#links.get(name)?.lose(receipts);
    this.#arm();
    for (const dependent of this.#dependents) dependent.touched?.();
  }

  #forgetTick(): void {
    this.#publisher.forgetTick();
    this.#asked = [];
  }

  /** A message that cannot go on is buried; one that cannot even be buried stays as it is stored. */
  fail({ command: given, refused }: Envelope, error: Error): void {
    if (refused) return refused(error);
    const command = given as QueueCommand;
    this.#options.logger.error({ err: error, command: command.type }, 'what happened to a message could not be decided or stored');
    const failure = createFailure('commit_refused', `What happened to it could not be stored: ${error.message}`);
    if (command.type === 'due' && command.key === undefined) {
      for (const { key } of this.#book.listDue(this.#options.clock.now())) this.tell({ type: 'due', key });
    } else if (command.type === 'due' && command.key !== undefined) {
      this.tell({ type: 'bury', key: command.key, failure });
    } else if (command.type === 'bury') {
      this.#book.forget(command.key);
    } else if ('names' in command && command.names.length > 1) {
      for (const name of command.names) this.tell({ ...command, names: [name] });
    }
  }

  halt(how: 'drain' | 'release' | 'end', error: Error): void {
    if (how === 'end') return this.#end(error);
    for (const dependent of this.#dependents) dependent[how]();
  }

  get idle(): boolean {
    for (const dependent of this.#dependents) if (!dependent.idle) return false;
    return true;
  }

  #end(error: Error): void {
    this.#ready = false;
    this.#life = undefined;
    for (const dependent of this.#dependents) dependent.end(error);
  }

  // what it is told

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

  // what is due

  isNeeded(): boolean {
    return true;
  }

  ring(): void {
    this.tell({ type: 'due' });
  }

  #arm(): void {
    const until = this.#book.untilDue(this.#options.clock.now());
    if (until !== undefined) this.#life?.due.wakeIn(this, until);
  }

  /** Links of this process, so that they can be told what they have lost. */
  attach(link: Link): void {
    this.#links.set(link.name, link);
  }

}
