import type { ArtifactRecord } from '../../../../persistence/artifact-store.ts';
import type { ArtifactKind } from '../../../core/artifact-kind.ts';

/** What is known of one version of an artifact, without its content. */
export interface ArtifactInfo {
  readonly name: string;
  /** Rising per name, from 1. */
  readonly version: number;
  readonly stepId: string;
  /** Place in the `for_each` list; undefined for a step without one. */
  readonly item: number | undefined;
  readonly attempt: number;
  readonly kind: ArtifactKind;
  readonly contentType: string;
  /** Path below the output folder; undefined: it is not written there. */
  readonly file: string | undefined;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content, hex. */
  readonly sha256: string;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** An artifact whose content can be read, as often as wanted. */
export interface ArtifactContent extends ArtifactInfo {
  /** Piece by piece, for what is large. */
  stream(): AsyncIterable<Uint8Array>;
  /** @throws a `FlowError` with code `artifact_too_large` above `maxBytes`, which defaults to 64 MiB */
  bytes(options?: { readonly maxBytes?: number }): Promise<Uint8Array>;
  /** As UTF-8; otherwise as `bytes`. */
  text(options?: { readonly maxBytes?: number }): Promise<string>;
}

/** What an artifact can be made of. */
export type ArtifactSource = string | Uint8Array | AsyncIterable<string | Uint8Array>;

export interface ArtifactOptions {
  /** Default: by the name's extension; else `text` for strings, `binary` for anything else. */
  readonly kind?: ArtifactKind;
  /** Default: by the kind. */
  readonly contentType?: string;
  /** Path below the output folder; false: not written there. Default: the name. */
  readonly file?: string | false;
}

export interface ListArtifactsOptions {
  /** Only this one's versions. */
  readonly name?: string;
  /** Every version, or (default) the newest of each. */
  readonly versions?: 'all' | 'newest';
  /** At most; default 1,000. */
  readonly limit?: number;
  /** Continue after this one. */
  readonly after?: { readonly name: string; readonly version: number };
}

export function toArtifactInfo(row: ArtifactRecord): ArtifactInfo {
  const { name, version, stepId, item, attempt, kind, contentType, file, size, sha256, createdAt } = row;
  return { name, version, stepId, item: item < 0 ? undefined : item, attempt, kind, contentType, file: file ?? undefined, size, sha256, createdAt };
}
