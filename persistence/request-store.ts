/** A request of a client that was done: it is recognised when it is repeated. */
export interface RequestRecord {
  /** Its method and its key. */
  readonly key: string;
  /** What it was answered with, JSON text. */
  readonly answer: string;
  /** When it was done, epoch ms. */
  readonly at: number;
}
