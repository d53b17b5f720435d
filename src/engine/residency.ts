/** Instances that only wait and stay in memory nonetheless: those spoken to last. What they are is in the store as well. */
export class Residency<Instance> {
  /** Instances that stay. */
  readonly #most: number;
  /** The one spoken to longest ago first. */
  readonly #resting = new Map<string, Instance>();

  constructor(most: number) {
    this.#most = most;
  }

  get(id: string): Instance | undefined {
    return this.#resting.get(id);
  }

  /** It only waits from now on. @returns the one that leaves memory in its favour, which may be itself */
  rest(id: string, instance: Instance): Instance | undefined {
    this.#resting.delete(id);
    this.#resting.set(id, instance);
    if (this.#resting.size <= this.#most) return undefined;
    const [[oldestId, oldest] = [id, instance] as const] = this.#resting;
    this.#resting.delete(oldestId);
    return oldest;
  }

  /** It is spoken to: it may not leave in favour of another. */
  take(id: string): Instance | undefined {
    const instance = this.#resting.get(id);
    if (instance !== undefined) this.#resting.delete(id);
    return instance;
  }

  clear(): void {
    this.#resting.clear();
  }
}
