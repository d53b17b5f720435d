import { LRUCache } from 'lru-cache';
import type { Request as RowRequest } from '../../persistence/contract.ts';
import { executions } from '../../persistence/records/flow-tables.ts';
import { journalKinds } from '../../persistence/records/journal-kinds.ts';
import { journal, meta, owners } from '../../persistence/records/tables.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { Row } from '../../persistence/table.ts';

/** Of the form of answers: raised when one is made of the same rows and reads otherwise, so that clients ask for it anew. */
const form = 1;

const newestOwner: RowRequest = { table: owners, order: 'falling', limit: 1, columns: ['id'] };
const newestRow: RowRequest = { table: journal, order: 'falling', limit: 1, columns: ['number'] };
const ofInstance = (kind: number, instance: number | string): RowRequest =>
  ({ table: journal, index: 'journal_instance', prefix: [kind, instance], order: 'falling', limit: 1, columns: ['number'] });

const toNumber = (rows: readonly Row[] | undefined, column = 'number'): number => Number(rows?.[0]?.[column] ?? 0);

/**
 * The version of what is stored: the number of a row of the journal, and who owned the store when it was last owned.
 *
 * A backup that was restored begins another owner's numbers, so that one number never stands for two things.
 */
const write = (number: number, owner: readonly Row[] | undefined, more = ''): string => `${form}-${number.toString(36)}-${String(owner?.[0]?.['id'] ?? '').slice(0, 12)}${more}`;

/** The version of everything: the highest number that was given. */
export async function readVersion(reader: RecordReader): Promise<string> {
  if (!reader.readRows) {
    const { head, owners: known } = await reader.getFeedState();
    return write(head, [{ id: known.at(-1)?.id ?? '' }]);
  }
  const [marks, newest, owner] = await reader.readRows([{ table: meta, keys: [[1]] }, newestRow, newestOwner]);
  return write(Math.max(toNumber(marks, 'head'), toNumber(newest)), owner);
}

/** Keys of executions that are remembered. */
const maxKeys = 10_000;

/** Versions of executions: one look each, from the second time on that somebody asks. */
export class ExecutionVersions {
  readonly #reader: RecordReader;
  /** Under which number an execution is in the journal; what is remembered is asked again with each look. */
  readonly #keys = new LRUCache<string, number>({ max: maxKeys });

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** The version of one generation, default the newest; undefined: there is none. */
  async read(executionId: string, generation?: number): Promise<string | undefined> {
    const { readRows } = this.#reader;
    if (!readRows) return readVersion(this.#reader);
    const which = generation === undefined ? { prefix: [executionId], order: 'falling' as const, limit: 1 } : { keys: [[executionId, generation]] };
    const name = `${generation ?? ''} ${executionId}`;
    for (let known = this.#keys.get(name); ;) {
      const [found, owner, moved, made] = await readRows([
        { table: executions, index: 'executions_generation', ...which, columns: ['key'] }, newestOwner,
        ...(known === undefined ? [] : [ofInstance(journalKinds.flow, known), ofInstance(journalKinds.made, known)]),
      ]);
      const key = found?.[0]?.['key'];
      if (typeof key !== 'number') return undefined;
      // All answers are of one moment: a key that is still the one was the one.
      if (key === known) return write(Math.max(toNumber(moved), toNumber(made)), owner, `-${key.toString(36)}`);
      this.#keys.set(name, (known = key));
    }
  }
}

export async function readActorVersion(reader: RecordReader, actorId: string): Promise<string> {
  if (!reader.readRows) return readVersion(reader);
  const [moved, gone, owner] = await reader.readRows([ofInstance(journalKinds.actor, actorId), ofInstance(journalKinds.deleted, actorId), newestOwner]);
  return write(Math.max(toNumber(moved), toNumber(gone)), owner);
}
