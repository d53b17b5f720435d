import { setImmediate as nextTurn } from 'node:timers';

/** Reads in one turn of the event loop; each takes about 0.1 ms. */
const readsPerTurn = 64;

/** Spreads what was asked for in one turn over as many as it needs: ten thousand callers at once leave the loop turning. */
export class TurnRoom {
  readonly #perTurn: number;
  #entered = 0;
  #clears = false;
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  /** @param perTurn how many have room in one turn; default: as many reads as take some milliseconds */
  constructor(perTurn = readsPerTurn) {
    this.#perTurn = perTurn;
  }

  /** Resolves in the order of the calls; undefined: there is room at once. */
  enter(): Promise<void> | undefined {
    this.#clear();
    if (this.#entered < this.#perTurn) return void this.#entered++;
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  #clear(): void {
    if (this.#clears) return;
    this.#clears = true;
    nextTurn(() => {
      this.#clears = false;
      const until = Math.min(this.#waiting.length, this.#next + this.#perTurn);
      this.#entered = until - this.#next;
      while (this.#next < until) this.#waiting[this.#next++]?.();
      if (this.#next < this.#waiting.length) return this.#clear();
      this.#waiting.length = this.#next = 0;
    });
  }
}
