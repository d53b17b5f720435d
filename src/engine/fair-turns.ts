/** Of so many places, one goes to who has waited longest. */
const every = 8;
/** Whoever has waited less than this has no claim to it, ms. */
export const longWaitMs = 1_000;

/**
 * Places go by priority, and one in eight to whoever has waited longest, whatever the priority: so nobody waits for ever
 * beside a steady stream of others.
 */
export class FairTurns {
  #given = 0;

  /** How many of the next places go by age. */
  countAged(places: number): number {
    return Math.floor((this.#given + places) / every);
  }

  note(given: number): void {
    this.#given = (this.#given + given) % every;
  }
}
