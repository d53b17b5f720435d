import type { Envelope, Standing } from './kind.ts';

/** Takes envelopes out of ticks, before anything of them is decided or stored. */
export interface Sift extends Standing {
  /** At the head of a tick: what stays in it. */
  sift(given: readonly Envelope[]): readonly Envelope[];
  /** Whether one that was told in the course of the tick is taken out of it. */
  takes(envelope: Envelope): boolean;
  /** The tick is over; dropped: nothing of it has happened. */
  ended(isStored: boolean): void;
  /** This one fails alone. */
  failed(envelope: Envelope): void;
  /** Lets everything in: the runtime stops. */
  letAll(): void;
  /** All has ended: nothing can be let in any more. */
  close(error: Error): void;
}
