/** Who waits for news of which execution. */
export class Watchers {
  readonly #byId = new Map<string, Set<() => void>>();

  /** Calls back at every piece of news, until the returned function is called. */
  watch(executionId: string, callback: () => void): () => void {
    const callbacks = this.#byId.get(executionId) ?? new Set();
    this.#byId.set(executionId, callbacks.add(callback));
    return () => {
      callbacks.delete(callback);
      if (callbacks.size === 0) this.#byId.delete(executionId);
    };
  }

  notify(executionIds: readonly string[]): void {
    if (this.#byId.size === 0) return;
    for (const id of executionIds) for (const callback of this.#byId.get(id) ?? []) callback();
  }

  notifyAll(): void {
    for (const callbacks of this.#byId.values()) for (const callback of callbacks) callback();
  }
}
