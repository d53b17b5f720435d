import type { ArtifactKind } from '../src/core/artifact-kind.ts';
import type { Answer } from './answer.ts';

/** One version of a document a step made. Its content is kept apart, in pieces. */
export interface ArtifactRecord {
  /** The generation of the execution that made it. */
  readonly executionKey: number;
  /** Names and versions are counted per execution, over its generations. */
  readonly executionId: string;
  readonly name: string;
  /** Rising per name, from 1. */
  readonly version: number;
  readonly position: number;
  /** Place of the item, -1 for the step itself. */
  readonly item: number;
  readonly stepId: string;
  readonly attempt: number;
  /** The run that stored it, or that made the same content again after the first one was cut off. */
  readonly run: number;
  readonly kind: ArtifactKind;
  readonly contentType: string;
  /** Path below the output folder; null: it is not written there. */
  readonly file: string | null;
  /** Bytes. */
  readonly size: number;
  /** Of the content, hex. */
  readonly sha256: string;
  /** Number of the content among those of `executionKey`. */
  readonly content: number;
  /** Pieces of the content; numbered from 0. */
  readonly pieces: number;
  readonly createdAt: number;
}

/** A piece of a content. Written before the artifact is, when the content is large: nobody sees it until then. */
export interface ContentPiece {
  readonly executionKey: number;
  readonly content: number;
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Which version of which artifact. */
export type ArtifactPlace = Pick<ArtifactRecord, 'executionId' | 'name' | 'version'>;

/** What one commit changes. */
export interface ArtifactWrites {
  /** Inserted; (`executionId`, `name`, `version`) is there once. */
  readonly stored: readonly ArtifactRecord[];
  readonly pieces: readonly ContentPiece[];
  /** Versions that a repeated run has made again, byte for byte. */
  readonly adopted: readonly (ArtifactPlace & Pick<ArtifactRecord, 'run'>)[];
  /** Versions of a run that was cut off and that the repeated one did not make again, with their contents. */
  readonly removed: readonly (ArtifactPlace & Pick<ArtifactRecord, 'executionKey' | 'content'>)[];
  /** Contents that never became artifacts. */
  readonly discarded: readonly Pick<ContentPiece, 'executionKey' | 'content'>[];
  /** Where the files of an execution are written; replaces what was said before. */
  readonly folders: readonly { readonly executionId: string; readonly executionKey: number; readonly folder: string }[];
}

export interface ListArtifactsParams {
  readonly executionId: string;
  /** Only this one's versions. */
  readonly name?: string;
  /** Every version, or (default) the newest of each. */
  readonly versions?: 'all' | 'newest';
  /** As it stood when the generation with this key was the newest: what that one and those before it made. */
  readonly upToKey?: number;
  /** Continue after this one. */
  readonly after?: Pick<ArtifactRecord, 'name' | 'version'>;
  /** At most; default 1,000. */
  readonly limit?: number;
}

/** What can be read of artifacts. Listing reads no contents. */
export interface ArtifactReader {
  /** By name, then version. */
  list(params: ListArtifactsParams): Answer<ArtifactRecord[]>;
  /** The newest version, or the one asked for. */
  get(params: { readonly executionId: string; readonly name: string; readonly version?: number }): Answer<ArtifactRecord | undefined>;
  /** How many there are, newest versions only, and their bytes together; `upToKey` as in a list. */
  count(executionId: string, upToKey?: number): Answer<{ readonly count: number; readonly bytes: number }>;
  readPiece(executionKey: number, content: number, number: number): Answer<Uint8Array | undefined>;
  /** Numbers of the contents there are, rising, also of those that belong to no artifact yet. */
  listContents(executionKey: number): Answer<number[]>;
  getFolder(executionId: string): Answer<string | undefined>;
}
