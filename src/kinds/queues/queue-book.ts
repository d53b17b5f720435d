import type { MessageContext, MessageEvent, MessageInput } from '../../../machines/message.ts';
import type { MessageRecord } from '../../../persistence/queue-records.ts';
import type { OpenMessage, QueueBatch } from '../../../persistence/queue-store.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { MachineRunner } from '../../core/machine-runner.ts';
import { Alarms } from './alarms.ts';
import type { Entry } from './entry.ts';
import { maxChanges, toEntry, toHistoryEntry, toReceipt } from './entry.ts';
import { computeRank } from './priority.ts';
import { toDetail, toEvent, toReason } from './message-events.ts';
import { QueueChanges } from './queue-changes.ts';
import type { ClaimRequest, Link, Outcome, PublishRequest, Receipt } from './queue-commands.ts';
import { Shelf } from './shelf.ts';

export type MessageRunner = MachineRunner<MessageContext, MessageEvent, MessageInput>;

/** What the book goes by for a queue. */
export interface QueueRules {
  readonly ageingMs: number | null;
  readonly maxDepth: number;
  /** Wait after a claim ran out, ms. */
  readonly backOff: (attempt: number) => number;
}

/** Messages that a worker gets; to be delivered after the commit. */
export interface Grant {
  readonly request: ClaimRequest;
  readonly entries: readonly Entry[];
}

/** Payloads kept in memory, so that they need not be read again: the longest one, and all together, characters. */
const maxKeptLength = 2_048;
const maxKeptTotal = 33_554_432;

/**
 * All messages that have not settled, and what may be done with them. Decides, stores nothing: every change is gathered
 * for the commit of the tick. Time arrives as an argument.
 */
export class QueueBook {
  readonly shelves = new Map<string, Shelf>();
  readonly #entries = new Map<number, Entry>();
  readonly #byId = new Map<string, Entry>();
  /** Those with a correlation id, by queue and id. */
  readonly #correlated = new Map<string, Set<Entry>>();
  readonly #alarms = new Alarms(this.#entries);
  /** Ends of claims, in process time. */
  readonly #leases = new Alarms(this.#entries);
  /** Messages by the link that has claimed them. */
  readonly #claims = new Map<string, Set<Entry>>();
  readonly #machine: MessageRunner;
  readonly #passed: () => number;
  readonly #rulesOf: (queue: string) => QueueRules;
  #changes = new QueueChanges();
  #grants: Grant[] = [];
  #lost = new Map<string, Receipt[]>();
  #lastKey = 0;
  #lastAt = 0;
  #kept = 0;

  /** @param passed process time, ms */
  constructor(machine: MessageRunner, passed: () => number, rulesOf: (queue: string) => QueueRules) {
    this.#machine = machine;
    this.#passed = passed;
    this.#rulesOf = rulesOf;
  }

  get changes(): QueueChanges {
    return this.#changes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(messageId: string): Entry | undefined {
    return this.#byId.get(messageId);
  }

  shelf(name: string): Shelf {
    let shelf = this.shelves.get(name);
    if (!shelf) this.shelves.set(name, (shelf = new Shelf(name)));
    return shelf;
  }

  // reading back

  begin(marks: { readonly messageKey: number; readonly publishedAt: number }): void {
    this.#lastKey = marks.messageKey;
    this.#lastAt = marks.publishedAt;
  }

  /** Takes a message in as it was stored. */
  restore(row: OpenMessage, now: number): void {
    const entry = toEntry(row, computeRank(row.priority, row.visibleAt, this.#rulesOf(row.queue).ageingMs), this.#machine.restore);
    this.#lastAt = Math.max(this.#lastAt, row.publishedAt, row.generation > 1 ? row.visibleAt : 0);
    this.#insert(entry);
    const backlog = this.shelf(entry.queue).backlogOf(entry);
    if (entry.snapshot.value === 'processing') backlog.resume(entry);
    // It was claimed before: it keeps its place in its partition, and those behind it waiting. A redrive sends it to the end.
    else if (row.claimedAt !== null && row.claimedAt >= row.visibleAt) backlog.hold(entry);
    this.#place(entry, now);
  }

  /** Names of the links that held claims when the book was stored. */
  get claimants(): readonly string[] {
    return [...this.#claims.keys()];
  }

  // publishing

  /** Why these cannot be published now; undefined: they can. */
  findRefusal(requests: readonly PublishRequest[], copiesOf: (queue: string) => number): { readonly queue: string; readonly depth: number } | undefined {
    const more = new Map<string, number>();
    for (const { queue, to } of requests) more.set(queue, (more.get(queue) ?? 0) + (to === 'all' ? copiesOf(queue) : 1));
    for (const [queue, count] of more) {
      const depth = this.shelf(queue).depth;
      if (depth + count > this.#rulesOf(queue).maxDepth) return { queue, depth };
    }
    return undefined;
  }

  publish(request: PublishRequest, instance: string | null, messageId: string, now: number): Entry {
    // Rising also when the clock is set back, so that who comes later stays behind.
    const publishedAt = (this.#lastAt = Math.max(this.#lastAt, now));
    const visibleAt = publishedAt + request.delayMs;
    const { queue, source, version, priority, partitionKey, correlationId, idempotencyKey, maxAttempts, maxInterruptions, payload } = request;
    const dueAt = request.delayMs > 0 ? now + request.delayMs : null;
    const entry: Entry = {
      key: ++this.#lastKey, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt,
      rank: computeRank(priority, visibleAt, this.#rulesOf(queue).ageingMs),
      snapshot: this.#machine.initial({ maxAttempts, maxInterruptions, dueAt }),
      claimedBy: null,
      claimedAt: null,
      leaseEndsAt: 0,
      payload: this.#keep(payload),
      changes: 1,
    };
    this.#insert(entry);
    this.#changes.publish(entry, payload, toHistoryEntry(now, 'message.publish', 'pending'));
    this.#place(entry, now);
    return entry;
  }

  #keep(payload: string): string | undefined {
    if (payload.length > maxKeptLength || this.#kept + payload.length > maxKeptTotal) return undefined;
    this.#kept += payload.length;
    return payload;
  }

  #insert(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    this.#byId.set(entry.messageId, entry);
    this.shelf(entry.queue).counts[entry.snapshot.value as 'pending']++;
    if (entry.correlationId === null) return;
    const place = toCorrelation(entry.queue, entry.correlationId);
    const known = this.#correlated.get(place);
    if (known) known.add(entry);
    else this.#correlated.set(place, new Set([entry]));
  }

  // handling

  /** Gives every worker that waits what there is for it. Called once per tick, when all else has been decided. */
  assign(now: number): void {
    for (const shelf of this.shelves.values()) {
      for (const { request, entries } of shelf.match()) {
        for (const entry of entries) this.claim(entry, request.link.name, request.leaseMs, now);
        this.#grants.push({ request, entries });
      }
    }
  }

  /** The next message of a queue, for anybody, that carries this correlation id; null: any. */
  findReady(queue: string, correlationId: string | null): Entry | undefined {
    const backlog = this.shelf(queue).backlogOf({ instance: null });
    if (correlationId === null) return backlog.peek();
    let first: Entry | undefined;
    for (const entry of this.#correlated.get(toCorrelation(queue, correlationId)) ?? []) {
      if (backlog.entries.has(entry) && (!first || entry.rank > first.rank || (entry.rank === first.rank && entry.key < first.key))) first = entry;
    }
    return first;
  }

  /** Claims a message out of its turn. */
  claimOne(entry: Entry, by: string, leaseMs: number, now: number): void {
    this.shelf(entry.queue).backlogOf(entry).claim(entry);
    this.claim(entry, by, leaseMs, now);
  }

  claim(entry: Entry, by: string, leaseMs: number, now: number): void {
    entry.claimedBy = by;
    entry.claimedAt = Math.max(now, entry.publishedAt);
    this.#move(entry, { type: 'message.claim', leaseUntil: now + leaseMs }, now, JSON.stringify({ by }));
  }

  /** @returns whether the claim was still held; one that was not is noted */
  answer(by: string, receipt: Receipt, outcome: Outcome, now: number): boolean {
    const entry = this.#findClaimed(receipt);
    if (entry?.claimedBy === by) return this.#move(entry, toEvent(outcome, receipt.claim, now), now, toDetail(outcome));
    this.#changes.note(receipt.key, toHistoryEntry(now, `message.${outcome.type}`, null, JSON.stringify({ by, claim: receipt.claim })));
    return false;
  }

  /** Whether this claim of the message is the present one. */
  isHeld(by: string, receipt: Receipt): boolean {
    return this.#findClaimed(receipt)?.claimedBy === by;
  }

  #findClaimed({ key, messageId, claim }: Receipt): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry?.messageId === messageId && entry.snapshot.value === 'processing' && entry.snapshot.context.claim === claim ? entry : undefined;
  }

  /** Ends a message that nobody has claimed. */
  refuse(entry: Entry, failure: StepFailure, now: number): void {
    this.#move(entry, { type: 'message.refuse', failure }, now, toReason(failure));
  }

  /** All claims of a link come back, but for those it says it still works on. */
  giveBack(link: string, released: boolean, now: number, kept: readonly Receipt[] = []): void {
    for (const entry of this.#claims.get(link) ?? []) {
      const { claim } = entry.snapshot.context;
      if (kept.some(receipt => receipt.key === entry.key && receipt.claim === claim && receipt.messageId === entry.messageId)) continue;
      if (released) this.#move(entry, { type: 'claim.released', claim }, now);
      else this.#move(entry, { type: 'claim.lost', claim, failure: createFailure('interrupted', 'The process of the worker ended while it handled the message') }, now);
    }
  }

  /** A dead message, read from the store, begins anew. */
  redrive(row: MessageRecord, now: number): Entry {
    const visibleAt = (this.#lastAt = Math.max(this.#lastAt, now));
    const restored = toEntry(row, computeRank(row.priority, visibleAt, this.#rulesOf(row.queue).ageingMs), this.#machine.restore);
    const snapshot = this.#machine.transition(restored.snapshot, { type: 'message.redrive' }, []);
    const entry: Entry = { ...restored, visibleAt, snapshot, changes: 1 };
    this.#insert(entry);
    this.shelf(row.queue).counts.dead--;
    this.#changes.redrive(entry, toHistoryEntry(now, 'message.redrive', 'pending'), now);
    this.#place(entry, now);
    return entry;
  }

  // time

  /** Time until something may be due, ms; undefined: nothing will be. */
  untilDue(now: number): number | undefined {
    const { nextAt } = this.#alarms;
    const { nextAt: leaseEndsAt } = this.#leases;
    if (nextAt === undefined && leaseEndsAt === undefined) return undefined;
    return Math.max(0, Math.ceil(Math.min((nextAt ?? Infinity) - now, (leaseEndsAt ?? Infinity) - this.#passed())));
  }

  /** Delays and back-offs whose time has come by the calendar, and claims whose time has passed for the process. */
  ring(now: number, only?: number): void {
    if (only !== undefined) {
      const one = this.#entries.get(only);
      return one?.snapshot.value === 'processing' ? this.#expire(one, now) : one && this.#place(one, now);
    }
    for (const entry of this.#alarms.takeDue(now)) if (entry.snapshot.value !== 'processing') this.#place(entry, now);
    const passed = this.#passed();
    for (const entry of this.#leases.takeDue(passed)) {
      if (entry.snapshot.value === 'processing' && entry.leaseEndsAt <= passed) this.#expire(entry, now);
    }
  }

  /** What `ring` would do something about. */
  listDue(now: number): readonly Entry[] {
    const passed = this.#passed();
    return [...this.#entries.values()].filter(({ snapshot: { value, context }, leaseEndsAt }) =>
      value === 'processing' ? leaseEndsAt <= passed : context.dueAt !== null && context.dueAt <= now);
  }

  /** Ends a message that cannot go on, claimed or not. */
  bury(key: number, failure: StepFailure, now: number): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    const { claim } = entry.snapshot.context;
    this.#move(entry, entry.snapshot.value === 'processing' ? { type: 'message.bury', claim, failure } : { type: 'message.refuse', failure }, now, toReason(failure));
  }

  /** It stays as it is stored, until the runtime begins anew. */
  forget(key: number): void {
    const entry = this.#entries.get(key);
    if (entry) this.#end(entry);
  }

  #expire(entry: Entry, now: number): void {
    const { claim, attempt } = entry.snapshot.context;
    const by = entry.claimedBy ?? '';
    const receipts = this.#lost.get(by);
    if (receipts) receipts.push(toReceipt(entry));
    else this.#lost.set(by, [toReceipt(entry)]);
    const failure = { ...createFailure('visibility_timeout', 'The worker was silent for longer than the visibility timeout'), retryable: true };
    this.#move(entry, { type: 'lease.expired', claim, failure, retryAt: now + this.#rulesOf(entry.queue).backOff(attempt) }, now, toReason(failure));
  }

  // the end of a tick

  /** What has to be stored; the next tick begins with nothing. */
  collect(now: number): QueueBatch | undefined {
    const batch = this.#changes.toBatch(now);
    this.#changes = new QueueChanges();
    return batch;
  }

  /** What has to be delivered after the commit. */
  takeGrants(): { readonly grants: readonly Grant[]; readonly lost: ReadonlyMap<string, readonly Receipt[]> } {
    const taken = { grants: this.#grants, lost: this.#lost };
    this.#grants = [];
    this.#lost = new Map();
    return taken;
  }

  /** Forgets the payload of a message that was handed out. */
  takePayload(entry: Entry): string | undefined {
    const { payload } = entry;
    if (payload !== undefined) this.#kept -= payload.length;
    entry.payload = undefined;
    return payload;
  }

  /** Workers that wait, and those that were to get something with this tick. */
  takeRequests(): readonly ClaimRequest[] {
    return [...this.#grants.map(({ request }) => request), ...[...this.shelves.values()].flatMap(shelf => shelf.requests)];
  }

  /** Messages that a link has claimed. */
  listClaimed(link: string): readonly Entry[] {
    return [...(this.#claims.get(link) ?? [])];
  }

  unclaim(link: Link, queue: string, id?: number): void {
    this.shelves.get(queue)?.unclaim(link, id);
  }

  // inside

  #move(entry: Entry, event: MessageEvent, now: number, detail?: string): boolean {
    const before = entry.snapshot;
    const after = this.#machine.transition(before, event, []);
    if (after === before) return false;
    entry.snapshot = after;
    const isEnd = after.value === 'completed' || after.value === 'dead';
    // An extension is no change of state, and a message that sleeps for ever must not grow for ever.
    const isNoted = event.type !== 'lease.extend' && (isEnd || 'failure' in event || ++entry.changes <= maxChanges);
    this.#changes.move(entry, isNoted ? toHistoryEntry(now, event.type, after.value, detail) : undefined);
    const shelf = this.shelf(entry.queue);
    shelf.counts[before.value as 'pending']--;
    if (after.value === 'dead') shelf.counts.dead++;
    if (isEnd) this.#end(entry);
    else {
      shelf.counts[after.value as 'pending']++;
      if (before.value === 'processing' && after.value !== 'processing') {
        this.#unclaimed(entry);
        shelf.backlogOf(entry).hold(entry);
      }
      this.#place(entry, now);
    }
    return true;
  }

  #end(entry: Entry): void {
    this.#unclaimed(entry);
    this.takePayload(entry);
    this.shelf(entry.queue).backlogOf(entry).end(entry);
    this.#entries.delete(entry.key);
    this.#byId.delete(entry.messageId);
    if (entry.correlationId === null) return;
    const place = toCorrelation(entry.queue, entry.correlationId);
    const known = this.#correlated.get(place);
    known?.delete(entry);
    if (known?.size === 0) this.#correlated.delete(place);
  }

  #unclaimed(entry: Entry): void {
    const of = this.#claims.get(entry.claimedBy ?? '');
    of?.delete(entry);
    if (of?.size === 0) this.#claims.delete(entry.claimedBy ?? '');
  }

  /** Puts a message where its state belongs: among the ready, among the claimed, or to where its time is awaited. */
  #place(entry: Entry, now: number): void {
    const { value, context } = entry.snapshot;
    if (value === 'processing') {
      const by = entry.claimedBy ?? '';
      const of = this.#claims.get(by);
      if (of) of.add(entry);
      else this.#claims.set(by, new Set([entry]));
      // By process time: what was granted may be used, whatever has become of the clock, and of this process meanwhile.
      entry.leaseEndsAt = this.#passed() + (context.leaseUntil ?? now) - now;
      this.#leases.set(entry.leaseEndsAt, entry);
    } else if (context.dueAt !== null && context.dueAt > now) {
      this.#alarms.set(context.dueAt, entry);
    } else {
      this.shelf(entry.queue).backlogOf(entry).add(entry);
    }
  }
}

const toCorrelation = (queue: string, correlationId: string): string => JSON.stringify([queue, correlationId]);
