/** Lets what was asked for about one thing go on in the order in which it was asked, whichever answer comes first. */
export class CallOrder {
  /** The call that came last, by what it is about. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** @returns what `prepared` gives, once all that were asked for before it have gone on */
  async keep<T>(about: string, prepared: Promise<T>): Promise<T> {
    const before = this.#last.get(about);
    const settled = prepared.then(() => before, () => before);
    this.#last.set(about, settled);
    await settled;
    if (this.#last.get(about) === settled) this.#last.delete(about);
    return prepared;
  }
}
