import type { MessageEvent } from '../../../machines/message.ts';
import type { MessageRecord } from '../../../persistence/queue-records.ts';
import { turns } from '../../../persistence/queue-records.ts';
import type { OpenMessage, QueueBatch } from '../../../persistence/queue-store.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import { Lineup } from './lineup.ts';
import { MessageClaims } from './message-claims.ts';
import { freeOf } from './message-requests.ts';
import type { DueMessages, QueuedMessage } from './queued-message.ts';
import { toDetail, toEvent, toReason, isDue, maxChanges, toHistoryEntry, toQueuedMessage, toReceipt } from './queued-message.ts';
import { QueueChanges } from './queue-changes.ts';
import type { ClaimRequest, Link, Outcome, PublishRequest, Receipt } from './queue-commands.ts';
import type { QueueStatesOptions } from './queue-rules.ts';
import { QueueState } from './queue-state.ts';
import { ReadyList } from './ready-list.ts';

/** Messages that a worker gets; to be delivered after the commit. */
export interface Grant {
  readonly request: ClaimRequest;
  readonly messages: readonly QueuedMessage[];
}

/** Longest payload that stays in memory, characters. */
const maxKeptLength = 2_048;

/**
 * In-memory state of all queues: the windows of what comes next, and every message that is claimed. Decides and stores
 * nothing: every change is gathered for the commit of the tick. Time arrives as an argument.
 *
 * What a command changes has to be loaded before it: `QueueLoader` says what that is.
 */
export class QueueStates {
  readonly states = new Map<string, QueueState>();
  readonly #options: QueueStatesOptions;
  /** All that are in memory, by key: in a window, claimed, or changed in this tick. */
  readonly #messages = new Map<number, QueuedMessage>();
  readonly claims: MessageClaims;
  readonly #lineup: Lineup;
  /** Queues whose state changed in this tick. */
  #changed = new Set<QueueState>();
  #touched: QueuedMessage[] = [];
  #returned: QueuedMessage[] = [];
  #changes = new QueueChanges();
  #grants: Grant[] = [];
  #lost = new Map<string, Receipt[]>();
  #lastKey = 0;
  #lastAt = 0;
  /** When the next delay or back-off may end, epoch ms: of what is stored, and of what this tick adds. */
  #dueAt = Number.POSITIVE_INFINITY;
  #freshDueAt = Number.POSITIVE_INFINITY;

  constructor(options: QueueStatesOptions) {
    this.#options = options;
    this.claims = new MessageClaims(this.#messages, options.passed);
    this.#lineup = new Lineup({
      stateOf: name => this.stateOf(name), keep: message => this.#keep(message), turned: message => this.#changes.turn(message), isCurrent: this.isCurrent,
    });
  }

  get changes(): QueueChanges {
    return this.#changes;
  }

  /** Messages that have not settled. */
  get unsettled(): number {
    let sum = 0;
    for (const { unsettled } of this.states.values()) sum += unsettled;
    return sum;
  }

  stateOf(name: string): QueueState {
    let state = this.states.get(name);
    if (!state) this.states.set(name, (state = this.#create(name)));
    this.#changed.add(state);
    return state;
  }

  #create(name: string): QueueState {
    const { read, window, rulesOf } = this.#options;
    const state: QueueState = new QueueState(name, instance => new ReadyList({
      read, window, stretch: freeOf(name, instance), ageingMs: () => rulesOf(name).ageingMs, adopt: row => this.adopt(row),
      release: message => this.#release(message), isBlocked: message => (state.findLane(message)?.active ?? 0) > 0,
    }));
    return state;
  }

  // loading

  begin(marks: { readonly messageKey: number; readonly publishedAt: number }, dueAt: number): void {
    this.#lastKey = marks.messageKey;
    this.#lastAt = marks.publishedAt;
    this.#dueAt = dueAt;
  }

  /** Takes a claimed message in as it was stored. */
  restore(row: OpenMessage, now: number): void {
    if (this.#options.forgotten.has(row.key)) return;
    const message = toQueuedMessage(row, this.#options.machine.restore);
    this.#messages.set(message.key, message);
    const lane = this.stateOf(message.queue).openLane(message);
    if (lane) lane.active++;
    this.claims.add(message, now);
  }

  /** A message as it was read; undefined: this tick has changed it, so what was read is not so any more. */
  adopt(row: OpenMessage): QueuedMessage | undefined {
    if (this.#changes.has(row.key) || this.#options.forgotten.has(row.key)) return undefined;
    const known = this.#messages.get(row.key);
    if (known) return known;
    const lane = this.states.get(row.queue)?.findLane(row);
    const head = lane?.isLoaded ? lane.headOf(row.priority) : undefined;
    const message = head?.key === row.key ? head : toQueuedMessage(row, this.#options.machine.restore);
    if (message.turn === turns.free) this.#messages.set(message.key, message);
    if (message.turn === turns.free) this.#touched.push(message);
    return message;
  }

  /** Forgets one that is in no window, unless it is in use. */
  #release(message: QueuedMessage): void {
    if (!message.listed && message.turn !== turns.claimed) this.#messages.delete(message.key);
  }

  /** Whether this is what there is of a message now. */
  readonly isCurrent = (message: QueuedMessage): boolean => {
    const known = this.#messages.get(message.key);
    return known ? known === message : !this.#changes.has(message.key);
  };

  // publishing

  publish(request: PublishRequest, instance: string | null, messageId: string, now: number): QueuedMessage {
    // Rising also when the clock is set back, so that who comes later stays behind.
    const publishedAt = (this.#lastAt = Math.max(this.#lastAt, now));
    const visibleAt = publishedAt + request.delayMs;
    const { queue, source, version, priority, partitionKey, correlationId, idempotencyKey, maxAttempts, maxInterruptions, payload } = request;
    const dueAt = request.delayMs > 0 ? now + request.delayMs : null;
    const message: QueuedMessage = {
      key: ++this.#lastKey, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt,
      turn: turns.free,
      listed: false,
      snapshot: this.#options.machine.initial({ maxAttempts, maxInterruptions, dueAt }),
      claimedBy: null,
      claimedAt: null,
      leaseEndsAt: 0,
      payload: payload.length > maxKeptLength ? undefined : payload,
      changes: 1,
    };
    this.#changes.publish(message, payload, toHistoryEntry(now, 'message.publish', 'pending'));
    this.#enter(message, now);
    return message;
  }

  /** A message that is new in its queue, or begins anew. */
  #enter(message: QueuedMessage, now: number): void {
    this.stateOf(message.queue).unsettled++;
    this.#noteDue(message);
    this.#lineup.enter(message, now);
  }

  #noteDue({ snapshot: { context: { dueAt } } }: QueuedMessage): void {
    if (dueAt !== null) this.#freshDueAt = Math.min(this.#freshDueAt, dueAt);
  }

  /** It is in memory, and ahead of what is stored, until the commit. */
  #keep(message: QueuedMessage): void {
    this.#messages.set(message.key, message);
    this.#touched.push(message);
    const state = this.stateOf(message.queue);
    const lane = state.openLane(message);
    if (lane) lane.changed++;
    if (message.correlationId === null) return;
    const known = state.fresh.get(message.correlationId);
    if (known) known.push(message);
    else state.fresh.set(message.correlationId, [message]);
  }

  // handling

  /** Gives every worker that waits what there is for it. Called once per tick, when all else has been decided. */
  assign(now: number): void {
    for (const state of this.states.values()) {
      const matched = state.match(now, (message, { link, leaseMs }) => this.claim(message, link.name, leaseMs, now));
      if (matched.length > 0) this.#changed.add(state);
      this.#grants.push(...matched);
    }
  }

  /** Whether workers wait for messages that are stored and were not read. */
  isStarved(now: number): boolean {
    for (const state of this.states.values()) {
      const { wanted } = state;
      for (const instance of wanted > 0 ? state.waiting : []) if (state.listsFor(instance).some(list => !list.has(wanted, now))) return true;
    }
    return false;
  }

  /** The next message of a queue, for anybody, that carries this correlation id; null: any. It has to be loaded. */
  findReady(queue: string, correlationId: string | null, now: number): QueuedMessage | undefined {
    const state = this.stateOf(queue);
    const list = state.listOf(null);
    if (correlationId === null) return list.peek(now);
    let first: QueuedMessage | undefined;
    for (const message of [...(state.found.get(correlationId) ?? []), ...(state.fresh.get(correlationId) ?? [])]) {
      if (this.isOnOffer(message, now) && (!first || list.isUrgent(message, first))) first = message;
    }
    return first;
  }

  /** Whether it may be given to a step that waits. */
  isOnOffer(message: QueuedMessage, now: number): boolean {
    return message.instance === null && (message.turn === turns.free || message.turn === turns.behind) && isDue(message, now) && this.isCurrent(message);
  }

  /** Claims a message, whatever its turn. */
  claim(message: QueuedMessage, by: string, leaseMs: number, now: number): void {
    message.claimedBy = by;
    message.claimedAt = Math.max(now, message.publishedAt);
    this.#move(message, { type: 'message.claim', leaseUntil: now + leaseMs }, now, JSON.stringify({ by }));
  }

  /** @returns whether the claim was still held; one that was not is noted */
  answer(by: string, receipt: Receipt, outcome: Outcome, now: number): boolean {
    const message = this.findClaimed(receipt);
    if (message?.claimedBy === by) return this.#move(message, toEvent(outcome, receipt.claim, now), now, toDetail(outcome));
    this.#changes.note(receipt.key, toHistoryEntry(now, `message.${outcome.type}`, null, JSON.stringify({ by, claim: receipt.claim })));
    return false;
  }

  /** Whether this claim of the message is the present one. */
  isHeld(by: string, receipt: Receipt): boolean {
    return this.findClaimed(receipt)?.claimedBy === by;
  }

  findClaimed({ key, messageId, claim }: Receipt): QueuedMessage | undefined {
    const message = this.#messages.get(key);
    return message?.messageId === messageId && message.snapshot.value === 'processing' && message.snapshot.context.claim === claim ? message : undefined;
  }

  /** Ends a message that nobody has claimed. */
  refuse(message: QueuedMessage, failure: StepFailure, now: number): void {
    this.#move(message, { type: 'message.refuse', failure }, now, toReason(failure));
  }

  /** All claims of a link come back, but for those it says it still works on. */
  giveBack(link: string, released: boolean, now: number, kept: readonly Receipt[] = []): void {
    for (const message of this.claims.of(link)) {
      const { claim } = message.snapshot.context;
      if (kept.some(receipt => receipt.key === message.key && receipt.claim === claim && receipt.messageId === message.messageId)) continue;
      const failure = createFailure('interrupted', 'The process of the worker ended while it handled the message');
      this.#move(message, released ? { type: 'claim.released', claim } : { type: 'claim.lost', claim, failure }, now);
    }
  }

  /** A dead message, read from the store, begins anew. */
  redrive(row: MessageRecord, now: number): void {
    const visibleAt = (this.#lastAt = Math.max(this.#lastAt, now));
    const restored = toQueuedMessage(row, this.#options.machine.restore);
    const snapshot = this.#options.machine.transition(restored.snapshot, { type: 'message.redrive' }, []);
    const payload = row.payload.length > maxKeptLength ? undefined : row.payload;
    const message: QueuedMessage = { ...restored, visibleAt, snapshot, payload, changes: 1 };
    this.stateOf(row.queue).dead--;
    this.#enter(message, now);
    this.#changes.redrive(message, toHistoryEntry(now, 'message.redrive', 'pending'), now);
  }

  // time

  /** Time until something may be due, ms; undefined: nothing will be. */
  untilDue(now: number): number | undefined {
    const next = Math.min(this.#dueAt - now, this.#freshDueAt - now, this.claims.untilEnd);
    return next === Number.POSITIVE_INFINITY ? undefined : Math.max(0, Math.ceil(next));
  }

  /** Delays and back-offs whose time has come by the calendar, and claims whose time has passed for the process. */
  ring({ due, ended }: { readonly due: DueMessages | undefined; readonly ended: readonly QueuedMessage[] }, now: number): void {
    // Only these: what is due was refused as a whole.
    for (const message of ended) {
      if (message.snapshot.value === 'processing') this.#expire(message, now);
      else this.#lineup.comeBack(message);
    }
    if (!due) return;
    this.#dueAt = due.nextAt;
    for (const message of due.messages) this.#lineup.comeBack(message);
    for (const message of this.claims.takeExpired(due.passed)) this.#expire(message, now);
  }

  /** Ends a message that cannot go on, claimed or not. It has to be loaded. */
  bury(message: QueuedMessage, failure: StepFailure, now: number): void {
    if (message.snapshot.value !== 'processing') return this.refuse(message, failure, now);
    this.#move(message, { type: 'message.bury', claim: message.snapshot.context.claim, failure }, now, toReason(failure));
  }

  /** It stays as it is stored, until the runtime begins anew. */
  forget(key: number): void {
    this.#options.forgotten.add(key);
    const message = this.#messages.get(key);
    if (message) this.claims.remove(message);
    this.#messages.delete(key);
  }

  #expire(message: QueuedMessage, now: number): void {
    const { claim, attempt } = message.snapshot.context;
    const by = message.claimedBy ?? '';
    const receipts = this.#lost.get(by);
    if (receipts) receipts.push(toReceipt(message));
    else this.#lost.set(by, [toReceipt(message)]);
    const failure = { ...createFailure('visibility_timeout', 'The worker was silent for longer than the visibility timeout'), retryable: true };
    const retryAt = now + this.#options.rulesOf(message.queue).backOff(attempt);
    this.#move(message, { type: 'lease.expired', claim, failure, retryAt }, now, toReason(failure));
  }

  // the end of a tick

  /** What has to be stored; the next tick begins with nothing. */
  collect(now: number): QueueBatch | undefined {
    return this.#changes.toBatch(now);
  }

  /** Messages that came back in this tick and are free. */
  listReturned(): QueuedMessage[] {
    return this.#returned.filter(message => message.turn === turns.free || message.turn === turns.behind);
  }

  /** All is stored. What has to be delivered now. */
  committed(): { readonly grants: readonly Grant[]; readonly lost: ReadonlyMap<string, readonly Receipt[]> } {
    const taken = { grants: this.#grants, lost: this.#lost };
    this.#grants = [];
    this.#lost = new Map();
    this.#changes = new QueueChanges();
    this.#dueAt = Math.min(this.#dueAt, this.#freshDueAt);
    this.#freshDueAt = Number.POSITIVE_INFINITY;
    for (const state of this.#changed) state.committed();
    this.#changed = new Set();
    for (const message of this.#touched) this.#release(message);
    this.#touched = [];
    this.#returned = [];
    return taken;
  }

  /** Workers that wait, and those that were to get something with this tick. */
  takeRequests(): readonly ClaimRequest[] {
    return [...this.#grants.map(({ request }) => request), ...[...this.states.values()].flatMap(({ requests }) => requests)];
  }

  unclaim(link: Link, id?: number): void {
    for (const state of this.states.values()) state.unclaim(link, id);
  }

  // inside

  #move(message: QueuedMessage, event: MessageEvent, now: number, detail?: string): boolean {
    const before = message.snapshot;
    const after = this.#options.machine.transition(before, event, []);
    if (after === before) return false;
    message.snapshot = after;
    const isEnd = after.value === 'completed' || after.value === 'dead';
    // An extension is no change of state, and a message that sleeps for ever must not grow for ever.
    const isNoted = event.type !== 'lease.extend' && (isEnd || 'failure' in event || ++message.changes <= maxChanges);
    this.#changes.move(message, isNoted ? toHistoryEntry(now, event.type, after.value, detail) : undefined);
    this.#touched.push(message);
    const state = this.stateOf(message.queue);
    const lane = state.openLane(message);
    if (lane) lane.changed++;
    if (before.value === 'processing') {
      if (lane) lane.active--;
      this.claims.remove(message);
    } else state.listOf(message.instance).remove(message);
    if (isEnd) this.#end(message, state, after.value === 'dead');
    else if (after.value === 'processing') {
      this.#messages.set(message.key, message);
      if (lane) lane.active++;
      this.claims.add(message, now);
    } else this.#return(message, now);
    return true;
  }

  #end(message: QueuedMessage, state: QueueState, isDead: boolean): void {
    state.unsettled--;
    if (isDead) state.dead++;
    message.payload = undefined;
    this.#messages.delete(message.key);
    this.#lineup.end(message);
  }

  /** It was handed out and has not ended. */
  #return(message: QueuedMessage, now: number): void {
    this.#noteDue(message);
    this.#lineup.giveBack(message, now);
    this.#returned.push(message);
  }
}
