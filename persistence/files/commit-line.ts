import { upgradeConsolidated } from './older-consolidated.ts';
import type { ArtifactWrites, ContentPiece } from '../artifact-store.ts';
import type { CommitBatch } from '../store.ts';
import type { journalHeader } from './journal-writer.ts';
import type { KindLines } from './kind-lines.ts';
import { fromKindLines, toKindLines } from './kind-lines.ts';

/** One commit: its number, from 1, and those parts of its batch that hold anything. */
export interface BatchLine {
  readonly n: number;
  readonly batch: Partial<Omit<CommitBatch, 'artifacts' | 'kinds'>> & {
    readonly kinds?: KindLines;
    /** Contents in base64. */
    readonly artifacts?: Omit<ArtifactWrites, 'pieces'> & { readonly pieces: readonly (Omit<ContentPiece, 'bytes'> & { readonly bytes: string })[] };
  };
}

/** Everything that was stored up to a commit, when the journal was written anew. */
export interface SnapshotLine {
  readonly n: number;
  /** As `toMemoryText` writes it. */
  readonly state: string;
}

export type CommitLine = BatchLine | SnapshotLine | typeof journalHeader;

export const isSnapshotLine = (line: CommitLine): line is SnapshotLine => 'state' in line;

const isEmpty = (part: unknown): boolean => (Array.isArray(part) ? part.length === 0 : typeof part === 'object' && part !== null && Object.values(part).every(isEmpty));

export function toCommitLine(n: number, { artifacts, kinds, ...rest }: CommitBatch): BatchLine {
  const parts = Object.fromEntries(Object.entries(rest).filter(([, part]) => !isEmpty(part))) as Partial<Omit<CommitBatch, 'artifacts' | 'kinds'>>;
  const batch = { ...parts, ...(kinds && { kinds: toKindLines(kinds) }) };
  if (!artifacts || isEmpty(artifacts)) return { n, batch };
  const pieces = artifacts.pieces.map(({ bytes, ...piece }) => ({ ...piece, bytes: Buffer.from(bytes).toString('base64') }));
  return { n, batch: { ...batch, artifacts: { ...artifacts, pieces } } };
}

export function toSnapshotLine(n: number, state: string): SnapshotLine {
  return { n, state };
}

/** The batch with its empty parts back in their places. */
export function fromCommitLine({ batch }: BatchLine): CommitBatch {
  const { artifacts, consolidated, kinds, ...rest } = batch;
  return {
    definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] }, ...rest,
    ...(consolidated && { consolidated: upgradeConsolidated(consolidated, batch.executions ?? []) }),
    ...(kinds && { kinds: fromKindLines(kinds) }),
    ...(artifacts && { artifacts: { ...artifacts, pieces: artifacts.pieces.map(piece => ({ ...piece, bytes: new Uint8Array(Buffer.from(piece.bytes, 'base64')) })) } }),
  };
}
