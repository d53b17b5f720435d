/** A binary heap: `pop` gives the smallest first. */
export class Heap<Value> {
  readonly #isBefore: (a: Value, b: Value) => boolean;
  #values: Value[] = [];

  constructor(isBefore: (a: Value, b: Value) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#values.length;
  }

  copy(): Heap<Value> {
    const copy = new Heap<Value>(this.#isBefore);
    copy.#values = [...this.#values];
    return copy;
  }

  clear(): void {
    this.#values.length = 0;
  }

  /** Lets go what is not wanted any more; takes as long as there are values. */
  retain(isWanted: (value: Value) => boolean): void {
    const values = this.#values.filter(isWanted);
    this.#values = [];
    for (const value of values) this.push(value);
  }

  peek(): Value | undefined {
    return this.#values[0];
  }

  push(value: Value): void {
    const values = this.#values;
    let child = values.length;
    values.push(value);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = values[parent] as Value;
      if (!this.#isBefore(value, above)) break;
      values[child] = above;
      child = parent;
    }
    values[child] = value;
  }

  pop(): Value | undefined {
    const values = this.#values;
    const first = values[0];
    const last = values.pop();
    if (values.length === 0 || last === undefined) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= values.length) break;
      if (child + 1 < values.length && this.#isBefore(values[child + 1] as Value, values[child] as Value)) child++;
      if (!this.#isBefore(values[child] as Value, last)) break;
      values[parent] = values[child] as Value;
      parent = child;
    }
    values[parent] = last;
    return first;
  }
}
