import type { ArtifactReader, ArtifactRecord } from '../../../../persistence/artifact-store.ts';
import type { RecordReader } from '../../../../persistence/store.ts';
import { FlowError } from '../../../core/errors.ts';
import { didYouMean } from '../../../core/wording.ts';
import type { ArtifactContent, ArtifactInfo, ListArtifactsOptions } from './artifact.ts';
import { toArtifactInfo } from './artifact.ts';

const defaultMaxBytes = 64 * 1_024 * 1_024;
const pageSize = 1_000;

/** @throws a `FlowError` with code `artifacts_unsupported` */
export function requireArtifacts({ artifacts, location }: RecordReader): ArtifactReader {
  if (artifacts) return artifacts;
  throw new FlowError('artifacts_unsupported', `Expected a store that keeps artifacts, ${location} does not. Use the memory or the SQLite store`);
}

/** Lists what an execution has made so far. Reads no contents. */
export async function listArtifacts(reader: RecordReader, executionId: string, options: ListArtifactsOptions = {}): Promise<ArtifactInfo[]> {
  return (await requireArtifacts(reader).list({ ...options, executionId })).map(toArtifactInfo);
}

/** Every row, a page at a time; as it stood in one generation, when its key is given. */
export async function* eachArtifact(reader: RecordReader, executionId: string, versions: 'all' | 'newest' = 'newest', upToKey?: number): AsyncGenerator<ArtifactRecord> {
  const artifacts = requireArtifacts(reader);
  for (let after: ArtifactRecord | undefined; ; ) {
    const rows = await artifacts.list({ executionId, versions, limit: pageSize, ...(after && { after }), ...(upToKey !== undefined && { upToKey }) });
    yield* rows;
    after = rows.at(-1);
    if (rows.length < pageSize) return;
  }
}

/**
 * Opens an artifact: the newest version, unless another is asked for.
 *
 * @throws a `FlowError` with code `artifact_not_found`
 */
export async function openArtifact(reader: RecordReader, executionId: string, name: string, version?: number): Promise<ArtifactContent> {
  const row = await requireArtifacts(reader).get({ executionId, name, ...(version !== undefined && { version }) });
  if (row) return toContent(reader, row);
  const names: string[] = [];
  for await (const known of eachArtifact(reader, executionId)) names.push(known.name);
  if (names.includes(name)) throw new FlowError('artifact_not_found', `Expected a version of "${name}" in ${executionId}, got ${version}; list its versions first`);
  const hint = names.length === 0 ? '; it has made none so far' : didYouMean(name, names);
  throw new FlowError('artifact_not_found', `Expected the name of an artifact of ${executionId}, got ${JSON.stringify(name)}${hint}`);
}

function toContent(reader: RecordReader, row: ArtifactRecord): ArtifactContent {
  const bytes = async ({ maxBytes = defaultMaxBytes }: { readonly maxBytes?: number } = {}): Promise<Uint8Array> => {
    if (row.size > maxBytes) {
      throw new FlowError('artifact_too_large', `Expected "${row.name}" to be at most ${maxBytes} bytes to be read at once, it has ${row.size}; read its \`stream()\`, or raise \`maxBytes\``);
    }
    const all = new Uint8Array(row.size);
    let at = 0;
    for await (const piece of streamContent(reader, row)) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  };
  return {
    ...toArtifactInfo(row),
    stream: () => streamContent(reader, row),
    bytes,
    text: async options => new TextDecoder().decode(await bytes(options)),
  };
}

export async function* streamContent(reader: RecordReader, { executionKey, content, pieces, name }: ArtifactRecord): AsyncGenerator<Uint8Array> {
  const artifacts = requireArtifacts(reader);
  for (let number = 0; number < pieces; number++) {
    const bytes = await artifacts.readPiece(executionKey, content, number);
    // Retention may have deleted it, or a repeated run replaced it, since it was looked up.
    if (!bytes) throw new FlowError('artifact_not_found', `The content of "${name}" was deleted while it was read; look it up again`);
    yield bytes;
  }
}
