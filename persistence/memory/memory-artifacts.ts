import type { ArtifactPlace, ArtifactReader, ArtifactRecord, ArtifactWrites, ListArtifactsParams } from '../artifact-store.ts';
import { toPiecePlace, toVersionPlace } from './memory-state.ts';
import type { MemoryState } from './memory-state.ts';
import type { UndoLog } from './undo-log.ts';

type Place = Pick<ArtifactRecord, 'name' | 'version'>;

/** As a database compares: names byte by byte. */
const byPlace = (a: Place, b: Place): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.version - b.version;

export class MemoryArtifacts implements ArtifactReader {
  readonly #read: () => MemoryState;

  constructor(read: () => MemoryState) {
    this.#read = read;
  }

  list({ executionId, name, versions = 'newest', upToKey = Number.POSITIVE_INFINITY, after, limit = 1000 }: ListArtifactsParams): ArtifactRecord[] {
    const rows = this.#list(executionId).filter(row => row.executionKey <= upToKey && (name === undefined || row.name === name));
    const wanted = versions === 'all' ? rows : rows.filter((row, index) => rows[index + 1]?.name !== row.name);
    return wanted.filter(row => !after || byPlace(row, after) > 0).slice(0, limit);
  }

  get({ executionId, name, version }: { readonly executionId: string; readonly name: string; readonly version?: number }): ArtifactRecord | undefined {
    return this.#list(executionId).findLast(row => row.name === name && (version === undefined || row.version === version));
  }

  count(executionId: string, upToKey = Number.POSITIVE_INFINITY): { count: number; bytes: number } {
    const rows = this.list({ executionId, upToKey, limit: Number.POSITIVE_INFINITY });
    return { count: rows.length, bytes: rows.reduce((sum, { size }) => sum + size, 0) };
  }

  readPiece(executionKey: number, content: number, number: number): Uint8Array | undefined {
    return this.#read().pieces.get(executionKey)?.get(toPiecePlace({ content, number }))?.bytes.slice();
  }

  listContents(executionKey: number): number[] {
    const rows = [...(this.#read().pieces.get(executionKey)?.values() ?? [])];
    return [...new Set(rows.map(({ content }) => content))].toSorted((a, b) => a - b);
  }

  getFolder(executionId: string): string | undefined {
    return this.#read().folders.get(executionId)?.folder;
  }

  #list(executionId: string): ArtifactRecord[] {
    return [...(this.#read().artifacts.get(executionId)?.values() ?? [])].toSorted(byPlace);
  }
}

export function applyArtifacts(state: MemoryState, log: UndoLog, { stored, pieces, adopted, removed, discarded, folders }: ArtifactWrites): void {
  for (const { executionKey, content } of [...removed, ...discarded]) {
    const of = state.pieces.get(executionKey);
    for (const [place, piece] of of ?? []) if (of && piece.content === content) log.delete(of, place);
  }
  for (const place of removed) {
    const of = state.artifacts.get(place.executionId);
    if (of) log.delete(of, toVersionPlace(place));
  }
  for (const piece of pieces) {
    const of = open(log, state.pieces, piece.executionKey);
    const place = toPiecePlace(piece);
    if (of.has(place)) throw new TypeError(`The piece ${piece.executionKey}/${place} is stored already, and is written once`);
    log.set(of, place, Object.freeze({ ...piece, bytes: piece.bytes.slice() }));
  }
  for (const row of stored) {
    const of = open(log, state.artifacts, row.executionId);
    if (of.has(toVersionPlace(row))) throw new TypeError(`The artifact ${describe(row)} is stored already, and is written once`);
    log.set(of, toVersionPlace(row), Object.freeze({ ...row }));
  }
  for (const { run, ...place } of adopted) {
    const of = state.artifacts.get(place.executionId);
    const before = of?.get(toVersionPlace(place));
    if (of && before) log.set(of, toVersionPlace(place), Object.freeze({ ...before, run }));
  }
  for (const { executionId, executionKey, folder } of folders) log.set(state.folders, executionId, { executionKey, folder });
}

/** Removes what one generation of an execution made. */
export function removeArtifacts(state: MemoryState, log: UndoLog, executionId: string, executionKey: number): void {
  log.delete(state.pieces, executionKey);
  const of = state.artifacts.get(executionId);
  for (const [place, row] of of ?? []) if (of && row.executionKey === executionKey) log.delete(of, place);
  if (state.folders.get(executionId)?.executionKey === executionKey) log.delete(state.folders, executionId);
}

function open<Key, Row>(log: UndoLog, rows: Map<Key, Map<string, Row>>, key: Key): Map<string, Row> {
  let of = rows.get(key);
  if (!of) log.set(rows, key, (of = new Map<string, Row>()));
  return of;
}

const describe = ({ executionId, name, version }: ArtifactPlace): string => `${executionId}/${name} version ${version}`;
