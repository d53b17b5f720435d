/** What a server's live part has done so far; for metrics, and for tests that count. */
export class LiveCounters {
  /** Messages sent to subscriptions: a commit, or several that came at once. */
  frames = 0;
  /** Entries in them. */
  events = 0;
  /** Entries whose text was made. */
  texts = 0;
  /** Pages read from the store for subscriptions that were behind. */
  catchUps = 0;
  /** Subscriptions that there are. */
  subscriptions = 0;
  /** Subscriptions that were told to begin anew. */
  resets = 0;
}
