import type { QueuedMessage } from './queued-message.ts';
import { isBefore } from './queued-message.ts';
import type { ClaimRequest, Link } from './queue-commands.ts';
import type { ReadyList } from './ready-list.ts';
import { turns } from '../../../persistence/queue-records.ts';

/** Partitions that stay in memory although nothing of theirs is handled. */
const maxIdleLanes = 1_000;

/** In-memory state of one queue: who waits for messages, which ones come next, and which partitions are busy. */
export class QueueState {
  readonly name: string;
  /** Messages that have not settled. */
  unsettled = 0;
  dead = 0;
  /** Messages that changed in this tick and carry a correlation id, by it. */
  readonly fresh = new Map<string, QueuedMessage[]>();
  /** Messages that were read because a step waits for them, by correlation id. */
  readonly found = new Map<string, QueuedMessage[]>();
  readonly #createList: (instance: string | null) => ReadyList;
  /** By instance; null: what anybody may take. */
  readonly #lists = new Map<string | null, ReadyList>();
  readonly #lanes = new Map<string, Lane>();
  #changedLanes = new Set<Lane>();
  #requests: ClaimRequest[] = [];

  constructor(name: string, createList: (instance: string | null) => ReadyList) {
    this.name = name;
    this.#createList = createList;
  }

  listOf(instance: string | null): ReadyList {
    let list = this.#lists.get(instance);
    if (!list) this.#lists.set(instance, (list = this.#createList(instance)));
    return list;
  }

  /** The partition of a message that has one, to look at. */
  findLane({ instance, partitionKey }: Pick<QueuedMessage, 'instance' | 'partitionKey'>): Lane | undefined {
    return partitionKey === null ? undefined : this.#lanes.get(toPlace(instance, partitionKey));
  }

  /** The partition of a message that has one, to change or to read it. */
  openLane({ instance, partitionKey }: Pick<QueuedMessage, 'instance' | 'partitionKey'>): Lane | undefined {
    if (partitionKey === null) return undefined;
    const place = toPlace(instance, partitionKey);
    let lane = this.#lanes.get(place);
    if (!lane) this.#lanes.set(place, (lane = new Lane()));
    this.#changedLanes.add(lane);
    return lane;
  }

  // workers

  /** Messages that workers wait for. */
  get wanted(): number {
    return this.#requests.reduce((sum, { max }) => sum + max, 0);
  }

  /** The instances whose workers wait; null: workers of none. */
  get waiting(): ReadonlySet<string | null> {
    return new Set(this.#requests.map(({ instance }) => instance));
  }

  get requests(): readonly ClaimRequest[] {
    return this.#requests;
  }

  request(request: ClaimRequest): void {
    this.#requests.push(request);
  }

  unclaim(link: Link, id?: number): void {
    this.#requests = this.#requests.filter(request => request.link !== link || (id !== undefined && request.id !== id));
  }

  /** Lists that a worker of an instance takes from. */
  listsFor(instance: string | null): readonly ReadyList[] {
    return instance === null ? [this.listOf(null)] : [this.listOf(null), this.listOf(instance)];
  }

  /** Workers that wait, in the order in which they asked, each with what `claim` gave it; they wait no longer. */
  match(now: number, claim: (message: QueuedMessage, request: ClaimRequest) => void): { readonly request: ClaimRequest; readonly messages: readonly QueuedMessage[] }[] {
    if (this.#requests.length === 0) return [];
    const left: ClaimRequest[] = [];
    const matched: { readonly request: ClaimRequest; readonly messages: readonly QueuedMessage[] }[] = [];
    /** Instances for which there is nothing more. */
    const dry = new Set<string | null>();
    for (const request of this.#requests) {
      const messages: QueuedMessage[] = [];
      while (messages.length < request.max && !dry.has(request.instance)) {
        const message = this.#peek(request.instance, now);
        if (!message) {
          dry.add(request.instance);
          break;
        }
        claim(message, request);
        messages.push(message);
      }
      if (messages.length > 0) matched.push({ request, messages });
      else left.push(request);
    }
    this.#requests = left;
    return matched;
  }

  /** The most urgent of what is for anybody and of what is for this instance. */
  #peek(instance: string | null, now: number): QueuedMessage | undefined {
    const any = this.listOf(null).peek(now);
    if (instance === null) return any;
    const mine = this.listOf(instance).peek(now);
    if (!mine || !any) return mine ?? any;
    return this.listOf(null).isUrgent(any, mine) ? any : mine;
  }

  // the end of a tick

  /** All that happened in the tick is stored. */
  committed(): void {
    this.fresh.clear();
    this.found.clear();
    for (const list of this.#lists.values()) list.committed();
    for (const lane of this.#changedLanes) lane.committed();
    this.#changedLanes = new Set();
    if (this.#lanes.size <= maxIdleLanes) return;
    for (const [place, lane] of this.#lanes) {
      if (this.#lanes.size <= maxIdleLanes) return;
      if (lane.active === 0) this.#lanes.delete(place);
    }
  }
}

/** Names of instances have no line breaks. */
const toPlace = (instance: string | null, partition: string): string => `${instance ?? ''}\n${partition}`;

/**
 * One partition of a queue and instance. Of each priority there is a head, free, claimed or away; the others stand behind it,
 * and stay in the store until the head has ended.
 */
export class Lane {
  /** Messages of it that are being handled. */
  active = 0;
  /** Messages of it that changed in this tick: what is stored of them is not so any more. */
  changed = 0;
  #heads: Map<number, QueuedMessage> | undefined;
  /** By priority, the first of those behind; only within a tick. */
  readonly #behind = new Map<number, QueuedMessage[]>();
  #fresh: QueuedMessage[] = [];

  get isLoaded(): boolean {
    return this.#heads !== undefined;
  }

  load(heads: readonly QueuedMessage[]): void {
    this.#heads = new Map(heads.map(head => [head.priority, head]));
  }

  /** Whether it is known who stands behind the head of a priority. */
  knowsNext(priority: number): boolean {
    return this.#behind.has(priority);
  }

  loadNext(priority: number, messages: readonly QueuedMessage[]): void {
    this.#behind.set(priority, [...messages]);
  }

  /** @throws a TypeError when the partition was not read before */
  headOf(priority: number): QueuedMessage | undefined {
    if (!this.#heads) throw new TypeError('Expected a partition that was read before it is changed');
    return this.#heads.get(priority);
  }

  setHead(message: QueuedMessage): void {
    this.#heads?.set(message.priority, message);
  }

  /** @returns whether it was the head */
  removeHead(message: QueuedMessage): boolean {
    if (this.headOf(message.priority) !== message) return false;
    this.#heads?.delete(message.priority);
    return true;
  }

  /** It stands behind the head from this tick on. */
  addBehind(message: QueuedMessage): void {
    this.#fresh.push(message);
  }

  /** The one that comes next; it is taken out. */
  takeNext(priority: number, isCurrent: (message: QueuedMessage) => boolean): QueuedMessage | undefined {
    let next: QueuedMessage | undefined;
    for (const list of [this.#behind.get(priority) ?? [], this.#fresh]) {
      for (const message of list) {
        if (message.priority !== priority || message.turn !== turns.behind || !isCurrent(message)) continue;
        if (!next || isBefore(message, next)) next = message;
      }
    }
    return next;
  }

  committed(): void {
    this.changed = 0;
    this.#fresh = [];
    this.#behind.clear();
  }
}
