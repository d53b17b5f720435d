import { Heap } from '../../src/core/heap.ts';

/** A message that waits, as the order sees it. */
export interface Waiting {
  /** Number of the message; the lower one goes first among equals. */
  readonly key: number;
  readonly priority: number;
  /** From `computeRank`; the highest goes first. */
  readonly rank: number;
  /** Messages of one partition are handled one after the other; null: it has none. */
  readonly partitionKey: string | null;
}

const isBefore = (a: Waiting, b: Waiting): boolean => a.rank > b.rank || (a.rank === b.rank && a.key < b.key);

interface Lane<Entry> {
  /** The one that is being handled. */
  active: Entry | undefined;
  /** By priority: what was handled without an end (it backs off, sleeps) and holds up those behind it. */
  readonly held: Map<number, Entry>;
  readonly waiting: Map<number, Heap<Entry>>;
  /** The one of this lane that is among the ready. */
  candidate: Entry | undefined;
}

/**
 * The order in which the messages of one queue are handed out. Pure: no time, no store.
 *
 * By rank; of a partition one at a time, and within a partition and priority in the order in which they were added by
 * rank: a message that backs off keeps those behind it waiting.
 */
export class Backlog<Entry extends Waiting> {
  readonly #ready = new Heap<Entry>(isBefore);
  readonly #lanes = new Map<string, Lane<Entry>>();
  /** Entries that are ready; what is in a heap and not in here was taken out otherwise. */
  readonly #open = new Set<Entry>();

  /** Messages that are ready or wait only for others of their partition. */
  get size(): number {
    return this.#open.size;
  }

  /** What is ready or waits for others of its partition, in no order. */
  get entries(): ReadonlySet<Entry> {
    return this.#open;
  }

  /** A message may be handled from now on: it is new, its delay is over, or it comes back. */
  add(entry: Entry): void {
    this.#open.add(entry);
    if (entry.partitionKey === null) {
      this.#ready.push(entry);
      return;
    }
    const lane = this.#requireLane(entry.partitionKey);
    if (lane.held.get(entry.priority) !== entry) {
      let heap = lane.waiting.get(entry.priority);
      if (!heap) lane.waiting.set(entry.priority, (heap = new Heap<Entry>(isBefore)));
      heap.push(entry);
    }
    this.#choose(lane);
  }

  /** Whether there is one to hand out. */
  get hasNext(): boolean {
    return this.peek() !== undefined;
  }

  /** The next one; it stays. */
  peek(): Entry | undefined {
    for (let entry = this.#ready.peek(); entry; entry = this.#ready.peek()) {
      if (this.#isCandidate(entry)) return entry;
      this.#ready.pop();
    }
    return undefined;
  }

  /** Hands out the next one; its partition waits until `hold` or `end` is called for it. */
  take(): Entry | undefined {
    const entry = this.peek();
    if (!entry) return undefined;
    this.#ready.pop();
    this.#open.delete(entry);
    const lane = entry.partitionKey === null ? undefined : this.#lanes.get(entry.partitionKey);
    if (!lane) return entry;
    lane.candidate = undefined;
    lane.active = entry;
    const heap = lane.waiting.get(entry.priority);
    if (heap?.peek() === entry) heap.pop();
    return entry;
  }

  /** Takes one out that is ready or waits for others of its partition, whatever its turn. */
  claim(entry: Entry): void {
    this.#open.delete(entry);
    if (entry.partitionKey === null) return;
    const lane = this.#requireLane(entry.partitionKey);
    if (lane.candidate === entry) lane.candidate = undefined;
    lane.active ??= entry;
    this.#choose(lane);
  }

  /** A message was read back that is being handled. */
  resume(entry: Entry): void {
    if (entry.partitionKey !== null) this.#requireLane(entry.partitionKey).active = entry;
  }

  /** A message that was handed out has not ended: until it is added again, it holds up those behind it. */
  hold(entry: Entry): void {
    if (entry.partitionKey === null) return;
    const lane = this.#requireLane(entry.partitionKey);
    if (lane.active === entry) lane.active = undefined;
    lane.held.set(entry.priority, entry);
    this.#choose(lane);
  }

  /** A message has ended, or is no longer to be handed out. */
  end(entry: Entry): void {
    this.#open.delete(entry);
    if (entry.partitionKey === null) return;
    const lane = this.#lanes.get(entry.partitionKey);
    if (!lane) return;
    if (lane.active === entry) lane.active = undefined;
    if (lane.held.get(entry.priority) === entry) lane.held.delete(entry.priority);
    if (lane.candidate === entry) lane.candidate = undefined;
    this.#choose(lane);
    if (!lane.active && lane.held.size === 0 && [...lane.waiting.values()].every(({ size }) => size === 0)) this.#lanes.delete(entry.partitionKey);
  }

  #isCandidate(entry: Entry): boolean {
    if (!this.#open.has(entry)) return false;
    return entry.partitionKey === null || this.#lanes.get(entry.partitionKey)?.candidate === entry;
  }

  #requireLane(partitionKey: string): Lane<Entry> {
    let lane = this.#lanes.get(partitionKey);
    if (!lane) this.#lanes.set(partitionKey, (lane = { active: undefined, held: new Map(), waiting: new Map(), candidate: undefined }));
    return lane;
  }

  /** Finds the one of a partition that goes next, and puts it among the ready. */
  #choose(lane: Lane<Entry>): void {
    if (lane.active) {
      lane.candidate = undefined;
      return;
    }
    let best: Entry | undefined;
    const consider = (entry: Entry | undefined): void => {
      if (entry && this.#open.has(entry) && (!best || isBefore(entry, best))) best = entry;
    };
    for (const entry of lane.held.values()) consider(entry);
    for (const [priority, heap] of lane.waiting) {
      while (heap.size > 0 && !this.#open.has(heap.peek() as Entry)) heap.pop();
      if (heap.size === 0) lane.waiting.delete(priority);
      else if (!lane.held.has(priority)) consider(heap.peek());
    }
    if (best && best !== lane.candidate) this.#ready.push(best);
    lane.candidate = best;
  }
}
