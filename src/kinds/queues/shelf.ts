import type { MessageStatus } from '../../../persistence/queue-records.ts';
import { Backlog } from './backlog.ts';
import type { Entry } from './entry.ts';
import type { ClaimRequest, Link } from './queue-commands.ts';

/** One queue in memory: what waits in it, and which workers wait for it. */
export class Shelf {
  readonly name: string;
  readonly #shared = new Backlog<Entry>();
  /** What is for one instance only, by its name. */
  readonly #own = new Map<string, Backlog<Entry>>();
  #requests: ClaimRequest[] = [];
  readonly counts: Record<MessageStatus, number> = { pending: 0, processing: 0, retrying: 0, completed: 0, dead: 0 };

  constructor(name: string) {
    this.name = name;
  }

  /** Messages that have not settled. */
  get depth(): number {
    const { pending, processing, retrying } = this.counts;
    return pending + processing + retrying;
  }

  backlogOf({ instance }: { readonly instance: string | null }): Backlog<Entry> {
    if (instance === null) return this.#shared;
    let backlog = this.#own.get(instance);
    if (!backlog) this.#own.set(instance, (backlog = new Backlog<Entry>()));
    return backlog;
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

  /** Workers that wait, in the order in which they asked, each with what there is for it; they wait no longer. */
  *match(): Generator<{ readonly request: ClaimRequest; readonly entries: readonly Entry[] }> {
    if (this.#requests.length === 0) return;
    const left: ClaimRequest[] = [];
    for (const [index, request] of this.#requests.entries()) {
      const entries: Entry[] = [];
      while (entries.length < request.max) {
        const entry = this.#take(request.instance);
        if (!entry) break;
        entries.push(entry);
      }
      if (entries.length > 0) {
        yield { request, entries };
        continue;
      }
      left.push(request);
      // Nothing for this one, and nothing of anybody else's either.
      if (!this.#hasOwn) {
        left.push(...this.#requests.slice(index + 1));
        break;
      }
    }
    this.#requests = left;
  }

  get #hasOwn(): boolean {
    for (const backlog of this.#own.values()) if (backlog.size > 0) return true;
    return false;
  }

  /** The most urgent of what is for anybody and of what is for this instance. */
  #take(instance: string | null): Entry | undefined {
    const own = instance === null ? undefined : this.#own.get(instance);
    const mine = own?.peek();
    const any = this.#shared.peek();
    if (!mine) return any && this.#shared.take();
    return any && (any.rank > mine.rank || (any.rank === mine.rank && any.key < mine.key)) ? this.#shared.take() : own?.take();
  }

  /** Since when the oldest message that could be handled now waits; undefined: none does. */
  get oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const backlog of [this.#shared, ...this.#own.values()]) {
      for (const { visibleAt, snapshot } of backlog.entries) {
        const at = Math.max(visibleAt, snapshot.context.dueAt ?? 0);
        if (oldest === undefined || at < oldest) oldest = at;
      }
    }
    return oldest;
  }

  /** What waits for one instance, in no order. */
  listOwn(instance: string): readonly Entry[] {
    return [...(this.#own.get(instance)?.entries ?? [])];
  }
}
