/** Remembers how to take back what was written since it was begun. */
export class UndoLog {
  #undos: (() => void)[] | undefined;

  get active(): boolean {
    return this.#undos !== undefined;
  }

  /** Runs the work; when it throws, everything written through this log meanwhile is taken back. Nests. */
  run<T>(work: () => T): T {
    const outer = this.#undos;
    const undos: (() => void)[] = [];
    this.#undos = undos;
    try {
      const result = work();
      outer?.push(...undos);
      return result;
    } catch (error) {
      for (const undo of undos.toReversed()) undo();
      throw error;
    } finally {
      this.#undos = outer;
    }
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const had = map.has(key);
    const before = map.get(key);
    this.#undos?.push(() => {
      if (had) map.set(key, before as V);
      else map.delete(key);
    });
    map.set(key, value);
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    if (!map.has(key)) return;
    const before = map.get(key) as V;
    this.#undos?.push(() => map.set(key, before));
    map.delete(key);
  }
}
