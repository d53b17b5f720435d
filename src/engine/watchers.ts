import { PassingMap } from '../core/passing-map.ts';

/** Who waits for news of which execution. */
export class Watchers<News> {
  readonly #byId = new PassingMap<string, Set<(news: News | undefined) => void>>();

  /** Executions that somebody waits for. */
  get size(): number {
    return this.#byId.size;
  }

  /** Calls back at every piece of news, and without any when the runtime ends; until the returned function is called. */
  watch(executionId: string, callback: (news: News | undefined) => void): () => void {
    const callbacks = this.#byId.get(executionId) ?? new Set();
    callbacks.add(callback);
    this.#byId.set(executionId, callbacks);
    return () => {
      callbacks.delete(callback);
      if (callbacks.size === 0 && this.#byId.get(executionId) === callbacks) this.#byId.delete(executionId);
    };
  }

  notify(executionId: string, news: News): void {
    for (const callback of this.#byId.get(executionId) ?? []) callback(news);
  }

  end(): void {
    for (const callbacks of this.#byId.values()) for (const callback of callbacks) callback(undefined);
  }
}
