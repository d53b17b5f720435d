/** One thing that happened. */
export interface FeedEntry {
  /** Number of the journal's row that holds it; everything of one commit has consecutive ones. */
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  /** `flow`, `actor`, `queue`, or the name of a kind of the application's own. */
  readonly kind: 'flow' | 'actor' | 'queue' | (string & {});
  /** The execution, the actor, the queue or the instance. */
  readonly id: string;
  /** Of an execution: which life of it. */
  readonly generation?: number;
  /** Its number among the transitions of its execution, actor or instance. */
  readonly seq?: number;
  /** Whom it happened to: an actor's address, or the id of a message. */
  readonly address: string;
  /**
   * What happened. Beside the events of machines: `artifact.stored`, `interaction.started`, `interaction.completed` (`failed`,
   * `cancelled`), `labels.set`, `execution.deleted`, `actor.deleted`.
   */
  readonly event: { readonly type: string; readonly [key: string]: unknown };
  /** The state it led to; null: none, or the event was recorded and ignored. */
  readonly state: string | null;
}

/** The events of one instance in a row of the journal, `[seq, address, event]` each. @param parts what it is, and which one */
export function toEventEntries(number: number, at: number, [kind, id]: readonly [kind: string, id: string], entries: readonly (readonly unknown[])[]): FeedEntry[] {
  return (entries as readonly (readonly [number, string, FeedEntry['event']])[]).map(([seq, address, event]) => ({ number, at, kind, id, seq, address, event, state: null }));
}
