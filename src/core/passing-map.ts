class Box<Value> {
  value: Value | undefined;

  constructor(value: Value) {
    this.value = value;
  }
}

/**
 * A map whose entries come and go, and which keeps nothing alive of those that are gone.
 *
 * V8 gives up a map's table now and then for a new one, and the old table goes on naming what was in it, and the new table. Once one has become
 * old, all that goes through the map is kept until the whole heap is collected, and is copied twice before. Here old tables name empty boxes.
 */
export class PassingMap<Key, Value extends object> {
  readonly #boxes = new Map<Key, Box<Value>>();

  get size(): number {
    return this.#boxes.size;
  }

  get(key: Key): Value | undefined {
    return this.#boxes.get(key)?.value;
  }

  has(key: Key): boolean {
    return this.#boxes.has(key);
  }

  set(key: Key, value: Value): void {
    const box = this.#boxes.get(key);
    if (box) box.value = value;
    else this.#boxes.set(key, new Box(value));
  }

  /** @returns whether it was there */
  delete(key: Key): boolean {
    const box = this.#boxes.get(key);
    if (!box) return false;
    box.value = undefined;
    return this.#boxes.delete(key);
  }

  clear(): void {
    for (const box of this.#boxes.values()) box.value = undefined;
    this.#boxes.clear();
  }

  /** In the order in which they came. */
  keys(): Iterator<Key, void> & Iterable<Key> {
    return this.#boxes.keys();
  }

  /** In the order in which their keys came; those that come meanwhile, too. */
  *values(): Generator<Value, void, undefined> {
    for (const { value } of this.#boxes.values()) if (value) yield value;
  }
}
