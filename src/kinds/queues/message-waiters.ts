import type { Answer } from '../../../persistence/answer.ts';
import type { MessageWaiterRecord } from '../../../persistence/queue-records.ts';
import type { Envelope, Tick } from '../../engine/kind.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import type { Queue } from './define-queue.ts';
import type { StepWait, Wish } from './queue-commands.ts';
import { toClaimant } from './queue-loader.ts';
import type { QueueStates } from './queue-states.ts';
import type { QueuedMessage } from './queued-message.ts';
import { toReceipt } from './queued-message.ts';
import { readPayload } from './run-message.ts';

interface Waiter extends MessageWaiterRecord {
  /** The message that is on its way to it. */
  message: QueuedMessage | undefined;
}

type Place = Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>;

/** Whether a claim is a flow's: of a message on its way to a step. */
export const isFlowClaim = (name: string): boolean => name.startsWith('flow:');

/** Longest that reading a flow back may take, ms; then the message is offered anew, and the flow is taken to be gone. */
const leaseMs = 300_000;

export interface MessageWaitersOptions {
  readonly flows: FlowInbox;
  readonly findQueue: (name: string) => Queue;
  readonly states: () => QueueStates;
}

/**
 * Steps that wait for messages. A message on its way is claimed by its flow; in the commit in which the step has it, the
 * message is acknowledged, so both happen or neither.
 */
export class MessageWaiters {
  readonly #options: MessageWaitersOptions;
  readonly #byPlace = new Map<string, Waiter>();
  /** By queue and correlation id, in the order in which they began to wait. */
  readonly #byWish = new Map<string, Set<Waiter>>();
  /** Those that have a message on its way. */
  readonly #served = new Set<Waiter>();
  /** Wishes for which there may be more than was read. */
  #unmet: Wish[] = [];

  constructor(options: MessageWaitersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byPlace.size;
  }

  /** What is waited for, each once. */
  listWishes(): Wish[] {
    return Array.from(this.#byWish.values(), ([waiter]) => ({ queue: waiter?.queue ?? '', correlationId: waiter?.correlationId ?? null }));
  }

  /** Wishes of this tick that have to be looked at once more. */
  takeUnmet(): Wish[] {
    return this.#unmet.splice(0);
  }

  async begin(list: (after: Place | undefined) => Answer<MessageWaiterRecord[]>, pageSize: number): Promise<void> {
    this.#byPlace.clear();
    this.#byWish.clear();
    this.#served.clear();
    this.#unmet = [];
    for (let after: Place | undefined; ; ) {
      const page = await list(after);
      for (const row of page) this.#add({ ...row, message: undefined });
      if (page.length < pageSize) return;
      after = page.at(-1);
    }
  }

  /** Which messages are on their way, by the claims that are stored. */
  recall(): void {
    const taken = new Set<QueuedMessage>();
    this.#served.clear();
    for (const waiter of this.#byPlace.values()) {
      const claims = this.#options.states().claims.of(toClaimant(waiter.executionId, waiter.position));
      waiter.message = [...claims].find(message => !taken.has(message));
      if (!waiter.message) continue;
      taken.add(waiter.message);
      this.#served.add(waiter);
    }
  }

  note(waits: readonly StepWait[], tick: Tick): void {
    const { changes } = this.#options.states();
    for (const { state, ...wait } of waits) {
      const known = this.#byPlace.get(toPlace(wait));
      if (state === 'waiting') {
        if (known) continue;
        const { executionId, position, item, queue, correlationId, signal } = wait;
        const waiter: Waiter = { executionId, position, item, queue, correlationId, signal, message: undefined };
        this.#add(waiter);
        changes.waitersPut.push({ executionId, position, item, queue, correlationId, signal });
        this.#match(waiter, tick);
      } else if (known) this.#end(known, state === 'received', tick);
    }
  }

  /** A message that was published, or whose time has come: if a step waits for it, it is that step's. */
  offer(message: QueuedMessage, tick: Tick): void {
    if (this.#byPlace.size === 0 || !this.#options.states().isOnOffer(message, tick.now)) return;
    const waiter = this.#findWaiter(message);
    if (waiter) this.#give(message, waiter, tick);
  }

  /** Whether a step waits for it. */
  wants(message: QueuedMessage): boolean {
    return this.#byPlace.size > 0 && message.instance === null && this.#findWaiter(message) !== undefined;
  }

  #findWaiter({ queue, correlationId }: QueuedMessage): Waiter | undefined {
    for (const wish of correlationId === null ? [null] : [correlationId, null]) {
      for (const waiter of this.#byWish.get(toWish(queue, wish)) ?? []) if (!waiter.message) return waiter;
    }
    return undefined;
  }

  /** Gives those that wait what there is for them. */
  match(wishes: readonly Wish[], tick: Tick): void {
    for (const { queue, correlationId } of wishes) {
      for (const waiter of this.#byWish.get(toWish(queue, correlationId)) ?? []) {
        if (!waiter.message && !this.#match(waiter, tick)) break;
      }
    }
  }

  /** Keeps messages for flows that stand still: what nobody lets in must not be offered to others meanwhile. @param passed process time, ms */
  keepHeld(isHeld: (executionId: string) => boolean, passed: number, now: number): void {
    for (const { message, executionId, position } of this.#served) {
      if (!message || message.leaseEndsAt - passed > leaseMs / 2 || !isHeld(executionId)) continue;
      this.#options.states().answer(toClaimant(executionId, position), toReceipt(message), { type: 'extend', ms: leaseMs }, now);
    }
  }

  /** What a flow would be given in the tick in which its step begins to wait: nothing is claimed. */
  rehearse(waits: readonly StepWait[], taken: Set<QueuedMessage>, now: number, post: (envelope: Envelope) => void): void {
    const { flows, findQueue, states } = this.#options;
    for (const { state, queue, correlationId, executionId, signal: name, ...place } of waits) {
      if (state !== 'waiting' || this.#byPlace.has(toPlace({ executionId, ...place }))) continue;
      const message = states().findReady(queue, correlationId, now);
      if (!message || taken.has(message)) continue;
      const read = readPayload(findQueue(queue), message.version, message.messageId, message.payload ?? states().changes.payloadOf(message.key) ?? 'null');
      if ('failure' in read) continue;
      taken.add(message);
      const signal = { executionKey: 1, number: now * 1_000, name, payload: JSON.stringify(read.payload ?? null), receivedAt: now };
      post(flows.toCommand(executionId, { to: 'signal', signal }));
    }
  }

  /** Forgets those that did not take their message in time: their flows are gone. */
  forgetSilent(): void {
    for (const waiter of this.#served) {
      const { message } = waiter;
      if (message?.claimedBy === toClaimant(waiter.executionId, waiter.position) && message.snapshot.value === 'retrying') this.#forget(waiter);
    }
  }

  #match(waiter: Waiter, tick: Tick): boolean {
    const { queue, correlationId } = waiter;
    let wasRefused = false;
    const find = (): QueuedMessage | undefined => this.#options.states().findReady(queue, correlationId, tick.now);
    for (let message = find(); message; message = find()) {
      if (this.#give(message, waiter, tick)) return true;
      wasRefused = true;
    }
    if (wasRefused) this.#unmet.push({ queue, correlationId });
    return false;
  }

  /** @returns whether it could be read; one that cannot goes to the dead letters */
  #give(message: QueuedMessage, waiter: Waiter, tick: Tick): boolean {
    const { now } = tick;
    const states = this.#options.states();
    const json = message.payload ?? states.changes.payloadOf(message.key) ?? 'null';
    const read = readPayload(this.#options.findQueue(waiter.queue), message.version, message.messageId, json);
    if ('failure' in read) {
      states.refuse(message, read.failure, now);
      return false;
    }
    states.claim(message, toClaimant(waiter.executionId, waiter.position), leaseMs, now);
    waiter.message = message;
    this.#served.add(waiter);
    const payload = JSON.stringify(read.payload ?? null);
    const signal = { executionKey: 1, number: now * 1_000, name: waiter.signal, payload, receivedAt: now };
    tick.post(this.#options.flows.toCommand(waiter.executionId, { to: 'signal', signal }));
    return true;
  }

  #end(waiter: Waiter, received: boolean, tick: Tick): void {
    const { message } = waiter;
    this.#forget(waiter);
    if (!message) return;
    const claimant = toClaimant(waiter.executionId, waiter.position);
    this.#options.states().answer(claimant, toReceipt(message), received ? { type: 'ack' } : { type: 'release' }, tick.now);
    if (!received) this.offer(message, tick);
  }

  #add(waiter: Waiter): void {
    this.#byPlace.set(toPlace(waiter), waiter);
    const wish = toWish(waiter.queue, waiter.correlationId);
    const known = this.#byWish.get(wish);
    if (known) known.add(waiter);
    else this.#byWish.set(wish, new Set([waiter]));
  }

  #forget(waiter: Waiter): void {
    const { executionId, position, item } = waiter;
    this.#byPlace.delete(toPlace(waiter));
    this.#served.delete(waiter);
    const wish = toWish(waiter.queue, waiter.correlationId);
    const known = this.#byWish.get(wish);
    known?.delete(waiter);
    if (known?.size === 0) this.#byWish.delete(wish);
    this.#options.states().changes.waitersGone.push({ executionId, position, item });
  }
}

const toPlace = ({ executionId, position, item }: Place): string => JSON.stringify([executionId, position, item]);
const toWish = (queue: string, correlationId: string | null): string => JSON.stringify([queue, correlationId]);
