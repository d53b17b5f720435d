import type { Logger } from '../../core/logger.ts';
import type { OutboxRecord } from '../../../persistence/queue-records.ts';
import type { Records } from '../../../persistence/store.ts';
import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import { computeBackoff } from '../../core/backoff.ts';
import type { BelievedTime } from '../../core/believed-time.ts';
import type { Clock } from '../../core/clock.ts';
import { processTime } from '../../core/clock.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import { createFailure } from '../../core/failure.ts';
import type { Random } from '../../core/ids.ts';
import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';
import type { DueKind } from '../../engine/due.ts';
import type { Envelope, Kind, Life, NamedRequest, Tick } from '../../engine/kind.ts';
import { refuse } from '../../engine/kind.ts';
import { isStoreTrouble } from '../../engine/store-trouble.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import type { Queue } from './define-queue.ts';
import { deliverTo } from './queue-port.ts';
import { isFlowClaim, MessageWaiters } from './message-waiters.ts';
import { Publisher } from './publisher.ts';
import { QueueHolding } from './queue-holding.ts';
import type { ClaimRequest, Link, QueueCommand, Wish } from './queue-commands.ts';
import type { LoadedCommand } from './queue-loader.ts';
import { nothingLoaded, QueueLoader } from './queue-loader.ts';
import type { MessageRunner, QueueRules } from './queue-rules.ts';
import { QueueStates } from './queue-states.ts';
import { isDue } from './queued-message.ts';
import { windowSize } from './window-size.ts';

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
  /** Something was stored, and its own `timer` is not armed. */
  readonly touched?: () => void;
  readonly timer?: unknown;
  drain(): void;
  /** What has not ended is given back. */
  release(): void;
  end(error: Error): void;
  readonly idle: boolean;
}

/** Names of links of the owner's own process begin with this. */
export const localPrefix = 'local:';
const pageSize = 10_000;
/** Steps that wait, for which messages are looked for in one tick. */
const wishesAtOnce = 500;

/** The queues in the host's ticks: what happens to messages is stored in the tick's one commit, and acted on afterwards. */
export class QueueParticipant implements Kind<QueueCommand>, DueKind {
  readonly name = 'queues';
  readonly #options: ParticipantOptions;
  readonly #links = new Map<string, Link>();
  readonly #dependents = new Set<Dependent>();
  readonly #instances = new Map<string, Set<string>>();
  readonly #publisher: Publisher;
  readonly #waiters: MessageWaiters;
  readonly holding: QueueHolding;
  /** Messages that stay as they are stored, until the runtime begins anew. */
  readonly #forgotten = new Set<number>();
  #states: QueueStates;
  #loader: QueueLoader;
  /** Whoever carries messages to other databases. */
  relay: { take(rows: readonly OutboxRecord[]): void } | undefined;
  #life: Life | undefined;
  /** What was read for commands of this tick that are not decided yet. */
  readonly #loaded = new Map<QueueCommand, LoadedCommand>();
  /** Claims that were asked for in this tick. */
  #asked: ClaimRequest[] = [];
  #ready = false;

  constructor(options: ParticipantOptions) {
    this.#options = options;
    this.#publisher = new Publisher({
      findQueue: options.findQueue, states: () => this.#states, instancesOf: queue => this.#instancesOf(queue), published: (message, tick) => this.#waiters.offer(message, tick),
    });
    this.#waiters = new MessageWaiters({ flows: options.flows, findQueue: options.findQueue, states: () => this.#states });
    this.holding = new QueueHolding({ kind: this, waiters: this.#waiters, load: (command, now) => chain(this.#loader.load(command, now), () => {}) });
    this.#states = this.#createStates();
    this.#loader = this.#createLoader(0);
  }

  get states(): QueueStates {
    return this.#states;
  }

  #createStates(): QueueStates {
    const { machine, findQueue, random, clock, store } = this.#options;
    const known = new WeakMap<Queue, QueueRules>();
    const rulesOf = (name: string): QueueRules => {
      const queue = findQueue(name);
      let rules = known.get(queue);
      if (!rules) known.set(queue, (rules = { ageingMs: queue.ageingMs, maxDepth: queue.maxDepth, backOff: attempt => computeBackoff(queue.backoff, attempt, random.next()) }));
      return rules;
    };
    const read = (requests: Parameters<Records['readMessages']>[0]) => store.readMessages(requests);
    return new QueueStates({ machine, passed: () => processTime(clock), rulesOf, read, window: windowSize.messages, forgotten: this.#forgotten });
  }

  #createLoader(now: number): QueueLoader {
    const { store, clock, believed } = this.#options;
    return new QueueLoader({
      store, states: this.#states, passed: () => processTime(clock), instancesOf: queue => this.#instancesOf(queue),
      believedAt: at => Math.min(at, believed.peek()), isAwaited: () => this.#waiters.size > 0,
    }, now);
  }

  add(dependent: Dependent): void {
    this.#dependents.add(dependent);
    if (this.#ready) dependent.begin();
  }

  remove(dependent: Dependent): void {
    this.#dependents.delete(dependent);
  }

  /** @throws a `FlowError` with code `runtime_stopped` before the runtime has begun */
  send(command: QueueCommand, request?: NamedRequest): Promise<unknown> {
    if (!this.#life) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime; this one has not begun, has stopped or faulted'));
    return this.#life.ask(this, command, request);
  }

  /** As `send`, when nobody waits for the answer: what the runtime's end makes of it is its own affair. */
  tell(command: QueueCommand): void {
    this.#life?.post(this.toCommand(command));
  }

  toCommand(command: QueueCommand): Envelope {
    return { kind: this, command };
  }

  /** An instance is gone for good: what waits for it ends, many messages in many ticks. */
  async forget(queue: string, instance: string): Promise<void> {
    let left: number;
    do left = (await this.send({ type: 'forget', queue, instance })) as number;
    while (left > 0);
  }

  // the kind

  async begin(life: Life): Promise<void> {
    const { clock, reconnectMs } = this.#options;
    this.#life = life;
    this.#forgotten.clear();
    await this.#read();
    const { links } = this.#states.claims;
    const flows = links.filter(isFlowClaim);
    const wishes = this.#waiters.listWishes();
    for (let from = 0; from < Math.max(flows.length > 0 ? 1 : 0, wishes.length); from += wishesAtOnce) {
      this.tell({ type: 'rematch', names: from === 0 ? flows : [], wishes: wishes.slice(from, from + wishesAtOnce) });
    }
    const local = links.filter(name => name.startsWith(localPrefix));
    const remote = links.filter(name => !name.startsWith(localPrefix) && !isFlowClaim(name));
    // Whoever worked for the former owner in its own process died with it. Others work on, and will be back soon.
    if (local.length > 0) this.tell({ type: 'reclaim', names: local });
    if (remote.length > 0) clock.setTimer(() => this.tell({ type: 'reclaim', names: remote.filter(name => !this.#links.has(name)) }), reconnectMs);
    this.#arm();
    this.#ready = true;
    for (const dependent of this.#dependents) dependent.begin();
  }

  /** What is claimed, and how much there is, as it is stored: the rest is read when it is needed. */
  async #read(): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    this.#states = this.#createStates();
    this.#loader = this.#createLoader(now);
    this.#instances.clear();
    this.#forgetTick();
    this.#publisher.lastOutboxKey = await this.#loader.begin(now);
    for (const { queue, instance } of await store.listInstances()) this.#instancesOf(queue).add(instance);
    await this.#waiters.begin(after => store.listMessageWaiters(after, pageSize), pageSize);
  }

  /** Workers that waited before the tick wait again; the waits of steps know their messages again. */
  async readBack(): Promise<void> {
    const before = this.#states;
    const asked = new Set(this.#asked);
    const requests = before.takeRequests().filter(request => !asked.has(request));
    await this.#read();
    for (const request of requests) this.#states.stateOf(request.queue).request(request);
    this.#waiters.recall();
  }

  load(command: QueueCommand, now: number): Answer<void> {
    return chain(this.#loader.load(command, now), loaded => {
      if (loaded !== nothingLoaded) this.#loaded.set(command, loaded);
    });
  }

  apply(command: QueueCommand, tick: Tick): unknown {
    try {
      return this.#apply(command, this.#loaded.get(command) ?? nothingLoaded, tick);
    } catch (error) {
      // Whatever is refused so has changed nothing.
      if (isFlowError(error) && !isStoreTrouble(error)) return refuse(error);
      throw error;
    }
  }

  /** Reads nothing. */
  #apply(command: QueueCommand, loaded: LoadedCommand, tick: Tick): unknown {
    const states = this.#states;
    const { now } = tick;
    switch (command.type) {
      case 'publish':
        return this.#publisher.publish(command.requests, loaded.duplicates, tick);
      case 'claim':
        this.#asked.push(command.request);
        return states.stateOf(command.request.queue).request(command.request);
      case 'refill':
        return undefined;
      case 'unclaim':
        return states.unclaim(command.link, command.id);
      case 'answer': {
        const { by, receipt, outcome } = command;
        if (loaded.isAcknowledged) return true;
        if (outcome.type === 'ack' && outcome.publishes?.length && states.isHeld(by, receipt)) this.#publisher.publish(outcome.publishes, loaded.duplicates, tick);
        return states.answer(by, receipt, outcome, now);
      }
      case 'attach':
        this.#links.set(command.link.name, command.link);
        return states.giveBack(command.link.name, false, now, command.receipts);
      case 'hangUp':
        return this.#hangUp(command.link, command.released, now);
      case 'reclaim':
        return command.names.forEach(name => states.giveBack(name, false, now));
      case 'relayed':
        for (const row of command.refused) states.changes.outboxPut.set(row.key, row);
        return void states.changes.outboxSent.push(...command.sent);
      case 'await':
        return this.#waiters.note(command.waits, tick);
      case 'rematch':
        for (const name of command.names) states.giveBack(name, true, now);
        return this.#waiters.match(command.wishes, tick);
      case 'due':
        this.#waiters.keepHeld(id => this.#life?.sift?.isHeld(id) ?? false, processTime(this.#options.clock), now);
        states.ring(loaded, now);
        this.#waiters.forgetSilent();
        for (const message of loaded.offers) this.#waiters.offer(message, tick);
        return undefined;
      case 'bury':
        return loaded.ended.forEach(message => states.bury(message, command.failure, now));
      case 'redrive':
        return this.#redrive(loaded, now);
      case 'register':
        return this.#register(command.queue, command.instance, now);
      default:
        return this.#forget(command.queue, command.instance, loaded, now);
    }
  }

  collect(batch: MutableBatch, now: number): boolean {
    this.#states.assign(now);
    batch.queues = this.#states.collect(now);
    return true;
  }

  perform(now: number): void {
    const { outgoing } = this.#publisher;
    this.#forgetTick();
    if (outgoing.length > 0) this.relay?.take(outgoing);
    const wishes = this.#listUnmet();
    const { grants, lost } = this.#states.committed();
    for (const grant of grants) deliverTo(grant, this.#options);
    for (const [name, receipts] of lost) this.#links.get(name)?.lose(receipts);
    this.#arm();
    if (this.#states.isStarved(now)) this.tell({ type: 'refill' });
    if (wishes.length > 0) this.tell({ type: 'rematch', names: [], wishes });
    for (const dependent of this.#dependents) if (dependent.timer === undefined) dependent.touched?.();
  }

  /** What has to be looked for once more: messages that nobody can read were passed over, or some came back. */
  #listUnmet(): Wish[] {
    if (this.#waiters.size === 0) return [];
    const returned = this.#states.listReturned().filter(message => this.#waiters.wants(message));
    return [...this.#waiters.takeUnmet(), ...returned.map(({ queue, correlationId }) => ({ queue, correlationId }))];
  }

  #forgetTick(): void {
    this.#publisher.forgetTick();
    this.#asked = [];
    this.#loaded.clear();
  }

  /** A message that cannot go on is buried; one that cannot even be buried stays as it is stored. */
  fail({ command: given, refused }: Envelope, error: Error): void {
    if (refused) return refused(error);
    const command = given as QueueCommand;
    this.#options.logger.error({ err: error, command: command.type }, 'what happened to a message could not be decided or stored');
    const failure = createFailure('commit_refused', `What happened to it could not be stored: ${error.message}`);
    if (command.type === 'due' && command.key === undefined) {
      this.#failAlone().catch(reason => this.#options.logger.error({ err: reason }, 'what is due could not be read'));
    } else if (command.type === 'due' && command.key !== undefined) {
      this.tell({ type: 'bury', key: command.key, failure });
    } else if (command.type === 'bury') {
      this.#states.forget(command.key);
    } else if ('names' in command && command.names.length > 1) {
      for (const name of command.names) this.tell({ ...command, names: [name] });
    }
  }

  /** Each of those that are due by itself: the one that is to blame fails, and nobody else. */
  async #failAlone(): Promise<void> {
    for (const { key } of await this.#loader.listDue(this.#options.clock.now())) this.tell({ type: 'due', key });
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

  #hangUp(link: Link, released: boolean, now: number): void {
    this.#states.unclaim(link);
    // Its process may have connected anew already.
    if (this.#links.get(link.name) !== link) return;
    this.#links.delete(link.name);
    this.#states.giveBack(link.name, released, now);
  }

  #redrive({ rows }: LoadedCommand, now: number): number {
    // In the order of publishing. One that was redriven earlier in this tick is dead in the store still.
    const dead = rows.toReversed().filter(({ key }) => !this.#states.changes.has(key));
    for (const row of dead) this.#states.redrive(row, now);
    return dead.length;
  }

  #register(queue: string, instance: string, now: number): void {
    const known = this.#instancesOf(queue);
    if (known.has(instance)) return;
    known.add(instance);
    this.#states.changes.registered.push({ queue, instance, registeredAt: now });
  }

  /** @returns how many messages ended; as long as there are any it has to be said again */
  #forget(queue: string, instance: string, { ended }: LoadedCommand, now: number): number {
    this.#instancesOf(queue).delete(instance);
    this.#states.changes.forgotten.push({ queue, instance });
    const failure = createFailure('instance_forgotten', `The instance "${instance}" it was for is gone for good`);
    const due = ended.filter(message => this.#states.isCurrent(message) && isDue(message, now));
    for (const message of due) this.#states.refuse(message, failure, now);
    return due.length;
  }

  #instancesOf(queue: string): Set<string> {
    let known = this.#instances.get(queue);
    if (!known) this.#instances.set(queue, (known = new Set()));
    return known;
  }

  // what is due

  isNeeded(): boolean {
    return true;
  }

  ring(): void {
    this.tell({ type: 'due' });
  }

  #arm(): void {
    const until = this.#states.untilDue(this.#options.clock.now());
    if (until !== undefined) this.#life?.due.wakeIn(this, until);
  }

  /** Links of this process, so that they can be told what they have lost. */
  attach(link: Link): void {
    this.#links.set(link.name, link);
  }
}
