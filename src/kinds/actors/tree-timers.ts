import type { EventObject } from 'xstate';
import { Heap } from '../../core/heap.ts';
import type { Inner } from './xstate-internals.ts';

/** One delayed event. Both ends are incarnations, not names: it never reaches an actor that took its target's place. */
export interface TreeTimer {
  readonly number: number;
  readonly dueAt: number;
  /** What cancels it: the session of who set it, and the id it was given. */
  readonly key: string;
  readonly source: Inner;
  readonly target: Inner;
  readonly event: EventObject;
}

/** So many that are no more are not worth looking for. */
const minQueue = 64;

const isBefore = (a: TreeTimer, b: TreeTimer): boolean => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.number < b.number);

/** The last time that a date has, epoch ms. */
const lastTime = 8_640_000_000_000_000;

/** Epoch ms, whole. A delay that is no number is none, as in XState; one that ends after the last date there is never ends. */
export const toDueAt = (now: number, delay: number): number => Math.min(lastTime, Math.ceil(now + (delay > 0 ? delay : 0)));

/** Delayed events of a tree, with XState's own rules: of several with one id only the newest can be cancelled. */
export class TreeTimers {
  readonly #timers = new Map<number, TreeTimer>();
  readonly #newest = new Map<string, number>();
  /** The keys of each actor's own, so that an actor that ends looks at nobody else's. */
  readonly #keys = new Map<Inner, Set<string>>();
  /** Those that are no more stay in it until they come up. */
  readonly #queue = new Heap<TreeTimer>(isBefore);
  #changed = new Set<number>();
  #next = 1;

  /** The number of the one set last. */
  get last(): number {
    return this.#next - 1;
  }

  /** Those held, with those that are no more. */
  get queued(): number {
    return this.#queue.size;
  }

  schedule(source: Inner, target: Inner, event: EventObject, dueAt: number, id: string | undefined): void {
    const number = this.#next++;
    const key = `${source.sessionId}.${id ?? `#${number}`}`;
    this.#add({ number, dueAt, key, source, target, event });
    const earlier = this.#newest.get(key);
    if (earlier !== undefined) this.#changed.add(earlier);
    this.#newest.set(key, number);
    this.#changed.add(number);
  }

  #add(timer: TreeTimer): void {
    this.#timers.set(timer.number, timer);
    this.#queue.push(timer);
    const keys = this.#keys.get(timer.source);
    if (keys) keys.add(timer.key);
    else this.#keys.set(timer.source, new Set([timer.key]));
  }

  cancel(source: Inner, id: string): void {
    const key = `${source.sessionId}.${id}`;
    this.#keys.get(source)?.delete(key);
    this.#forget(key);
  }

  cancelAll(source: Inner): void {
    for (const key of this.#keys.get(source) ?? []) this.#forget(key);
    this.#keys.delete(source);
  }

  #forget(key: string): void {
    const number = this.#newest.get(key);
    this.#newest.delete(key);
    if (number === undefined || !this.#timers.delete(number)) return;
    this.#changed.add(number);
    // What was cancelled long before it is due must not pile up.
    if (this.#queue.size > 2 * this.#timers.size + minQueue) this.#queue.retain(timer => this.#timers.has(timer.number));
  }

  /** The earliest; of several due at the same time the one set first. */
  peek(): TreeTimer | undefined {
    for (;;) {
      const first = this.#queue.peek();
      if (!first || this.#timers.has(first.number)) return first;
      this.#queue.pop();
    }
  }

  take({ number, key, source }: TreeTimer): void {
    this.#timers.delete(number);
    this.#keys.get(source)?.delete(key);
    this.#changed.add(number);
    const newest = this.#newest.get(key);
    // As in XState: with the one that fires, its id is forgotten, whichever of its name is the newest.
    if (newest === undefined) return;
    this.#newest.delete(key);
    this.#changed.add(newest);
  }

  get(number: number): (TreeTimer & { readonly newest: boolean }) | undefined {
    const timer = this.#timers.get(number);
    return timer && { ...timer, newest: this.#newest.get(timer.key) === number };
  }

  /** Numbers of those that are new, gone, or no longer the newest since the last time this was asked. */
  takeChanges(): Iterable<number> {
    const changed = this.#changed;
    if (changed.size > 0) this.#changed = new Set();
    return changed;
  }

  listNumbers(): Iterable<number> {
    return this.#timers.keys();
  }

  restore(timer: TreeTimer, newest: boolean): void {
    this.#add(timer);
    if (newest) this.#newest.set(timer.key, timer.number);
    this.#next = Math.max(this.#next, timer.number + 1);
  }
}
