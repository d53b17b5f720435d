import type { ArtifactRecord } from '../../../../persistence/artifact-store.ts';

/** The run that makes an artifact. */
export interface Origin {
  readonly executionKey: number;
  readonly executionId: string;
  readonly position: number;
  readonly item: number;
  readonly stepId: string;
  readonly attempt: number;
  readonly run: number;
}

/** An artifact whose content is there, before it has a version. */
export type Draft = Pick<ArtifactRecord, 'name' | 'kind' | 'contentType' | 'file' | 'size' | 'sha256' | 'pieces'>;

/** What becomes of a draft. */
export interface Entry {
  readonly row: ArtifactRecord;
  /** False: a run of the same attempt that was cut off had made it already, byte for byte. */
  readonly isNew: boolean;
  /** Versions of that run in whose place it comes. */
  readonly removed: readonly ArtifactRecord[];
}

/**
 * The versions of one execution's artifacts. Says which a new one becomes; pure.
 *
 * A new attempt makes a new version. A run that begins the same attempt again, since the process had died, takes the
 * place of the one that was cut off: the same content keeps its version, another one gets a new number and the old
 * version goes. So whoever reads finds what one whole attempt has made, and never both halves of two.
 */
export class ArtifactLedger {
  readonly #rows = new Map<string, ArtifactRecord[]>();
  #lastContent = 0;

  constructor(rows: Iterable<ArtifactRecord>, lastContent: number) {
    for (const row of rows) this.#add(row);
    this.#lastContent = lastContent;
  }

  takeContent(): number {
    return ++this.#lastContent;
  }

  /** @param content number of its content, when that has been written */
  enter(origin: Origin, draft: Draft, content: number | undefined, now: number): Entry {
    const rows = this.#rows.get(draft.name) ?? [];
    const stale = rows.filter(row => isCutOff(row, origin));
    const own = rows.findLast(row => isOfAttempt(row, origin) && row.run === origin.run)?.version ?? 0;
    const same = stale.find(row => row.version > own && isSame(row, draft));
    if (same) {
      const row = { ...same, run: origin.run };
      rows[rows.indexOf(same)] = row;
      return { row, isNew: false, removed: [] };
    }
    const version = (rows.at(-1)?.version ?? 0) + 1;
    const row: ArtifactRecord = { ...origin, ...draft, version, content: content ?? this.takeContent(), createdAt: now };
    this.#remove(stale);
    this.#add(row);
    return { row, isNew: true, removed: stale };
  }

  /** Forgets what a run that was cut off had made and this one, which has ended, did not make again. */
  settle(origin: Origin): readonly ArtifactRecord[] {
    const stale = [...this.#rows.values()].flatMap(rows => rows.filter(row => isCutOff(row, origin)));
    this.#remove(stale);
    return stale;
  }

  #add(row: ArtifactRecord): void {
    const rows = this.#rows.get(row.name);
    if (rows) rows.push(row);
    else this.#rows.set(row.name, [row]);
  }

  #remove(gone: readonly ArtifactRecord[]): void {
    for (const { name } of gone) {
      const left = (this.#rows.get(name) ?? []).filter(row => !gone.includes(row));
      if (left.length > 0) this.#rows.set(name, left);
      else this.#rows.delete(name);
    }
  }
}

const isOfAttempt = (row: ArtifactRecord, { executionKey, position, item, attempt }: Origin): boolean =>
  row.executionKey === executionKey && row.position === position && row.item === item && row.attempt === attempt;

const isCutOff = (row: ArtifactRecord, origin: Origin): boolean => isOfAttempt(row, origin) && row.run < origin.run;

const isSame = (row: ArtifactRecord, draft: Draft): boolean =>
  row.sha256 === draft.sha256 && row.size === draft.size && row.kind === draft.kind && row.contentType === draft.contentType && row.file === draft.file;
