import type { EventObject } from 'xstate';
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

/** Delayed events of a tree, with XState's own rules: of several with one id only the newest can be cancelled. */
export class TreeTimers {
  readonly #timers = new Map<number, TreeTimer>();
  readonly #newest = new Map<string, number>();
  #next = 1;

  get size(): number {
    return this.#timers.size;
  }

  schedule(source: Inner, target: Inner, event: EventObject, dueAt: number, id: string | undefined): void {
    const number = this.#next++;
    const key = `${source.sessionId}.${id ?? `#${number}`}`;
    this.#timers.set(number, { number, dueAt, key, source, target, event });
    this.#newest.set(key, number);
  }

  cancel(source: Inner, id: string): void {
    this.#forget(`${source.sessionId}.${id}`);
  }

  cancelAll(source: Inner): void {
    for (const [key, number] of this.#newest) if (this.#timers.get(number)?.source === source) this.#forget(key);
  }

  #forget(key: string): void {
    const number = this.#newest.get(key);
    this.#newest.delete(key);
    if (number !== undefined) this.#timers.delete(number);
  }

  /** The earliest; of several due at the same time the one set first. */
  peek(): TreeTimer | undefined {
    let first: TreeTimer | undefined;
    for (const timer of this.#timers.values()) if (!first || timer.dueAt < first.dueAt) first = timer;
    return first;
  }

  take(timer: TreeTimer): void {
    this.#timers.delete(timer.number);
    // As in XState: with the one that fires, its id is forgotten, whichever of its name is the newest.
    this.#newest.delete(timer.key);
  }

  *list(): Generator<TreeTimer & { readonly newest: boolean }> {
    for (const timer of this.#timers.values()) yield { ...timer, newest: this.#newest.get(timer.key) === timer.number };
  }

  restore(timer: TreeTimer, newest: boolean): void {
    this.#timers.set(timer.number, timer);
    if (newest) this.#newest.set(timer.key, timer.number);
    this.#next = Math.max(this.#next, timer.number + 1);
  }
}
