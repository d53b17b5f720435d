import { repeat } from '../core/clock.ts';

/** Time between two pings, ms. */
const beatMs = 15_000;
/** Pings without a word from the other end, after which it is given up. */
const maxSilent = 2;

/** Begins a beat; returns what ends it. */
export type Beat = (callback: () => void) => () => void;

/** In real time, whatever clock flows go by: it is about the connection. Keeps no process alive. */
export const realBeat: Beat = callback => repeat(callback, beatMs);

/** Finds out that the other end has gone without a word. */
export class Heartbeat {
  readonly #ping: () => void;
  readonly #giveUp: () => void;
  readonly #end: () => void;
  #silent = 0;

  constructor(beat: Beat, ping: () => void, giveUp: () => void) {
    this.#ping = ping;
    this.#giveUp = giveUp;
    this.#end = beat(() => this.#beat());
  }

  /** The other end has said something. */
  note(): void {
    this.#silent = 0;
  }

  stop(): void {
    this.#end();
  }

  #beat(): void {
    if (this.#silent >= maxSilent) return this.#giveUp();
    this.#silent++;
    this.#ping();
  }
}
