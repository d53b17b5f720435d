/** What the recorded process wrote down outside of the database, each after it was told so, or before it did so. */
export type Witnessed =
  | { readonly what: 'started' | 'settled' | 'published' | 'handled'; readonly id: string }
  | { readonly what: 'sent'; readonly number: number }
  /** A handler began. */
  | { readonly what: 'run'; readonly key: string; readonly attempt: number };

/** What must be there at a moment. */
export class Acknowledged {
  readonly started = new Set<string>();
  readonly settled = new Set<string>();
  readonly published = new Set<string>();
  readonly handled = new Set<string>();
  readonly sent = new Set<number>();
  /** The latest attempt that began, by idempotency key. */
  readonly runs = new Map<string, number>();
  #rest = '';

  /** Reads on in what the process has written. */
  read(bytes: Buffer): void {
    const lines = (this.#rest + bytes.toString()).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const seen = JSON.parse(line) as Witnessed;
      if (seen.what === 'sent') this.sent.add(seen.number);
      else if (seen.what === 'run') this.runs.set(seen.key, Math.max(seen.attempt, this.runs.get(seen.key) ?? 0));
      else this[seen.what].add(seen.id);
    }
  }
}
