import type { ExecutionRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { noItem } from '../core/address.ts';
import { FlowError } from '../core/errors.ts';
import { readEntries } from '../core/journal-text.ts';
import { readStored, toRowKey } from '../core/stored-value.ts';
import type { FlowPlan } from '../definition/plan.ts';

export interface ValuePlace {
  readonly of: 'input' | 'output' | 'stepInput' | 'event';
  readonly step?: string | undefined;
  readonly item?: number | undefined;
  readonly seq?: number | undefined;
  readonly path?: readonly (string | number)[] | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
}

/** A piece of the JSON text of a value. */
export interface ValuePiece {
  readonly json: string;
  /** Where it is: `['output', 'scan', 'files', 0]`. */
  readonly path: readonly (string | number)[];
  readonly offset: number;
  /** Of the whole text, characters. */
  readonly length: number;
}

const defaultLimit = 65_536;

/** Reads a value of an execution, or a part of it, a piece at a time. @throws a `FlowError` with code `value_not_found` */
export async function readValue(store: RecordReader, plan: FlowPlan, record: ExecutionRecord, place: ValuePlace): Promise<ValuePiece> {
  const { path = [], offset = 0, limit = defaultLimit } = place;
  let value = await readWhole(store, plan, record, place);
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) throw notFound(place);
    value = (value as Record<string | number, unknown>)[name];
  }
  const text = JSON.stringify(value);
  const { of, step, item } = place;
  return { json: text.slice(offset, offset + limit), path: [of, step ?? [], item ?? [], path].flat(), offset, length: text.length };
}

async function readWhole(store: RecordReader, plan: FlowPlan, record: ExecutionRecord, place: ValuePlace): Promise<unknown> {
  const { of, step = '', item = noItem, seq = 0 } = place;
  const { key } = record;
  if (of === 'input') return readStored('inputs.input', key, record.input);
  if (of === 'event') {
    const [row] = await store.readJournal(key, seq - 1, 1);
    const entries = row ? readEntries(readStored<readonly (readonly unknown[])[]>('journal.entries', `${key}/${row.seq}`, row.entries)) : [];
    const entry = row && entries[seq - row.seq];
    if (!entry) throw notFound(place);
    return entry[1];
  }
  const position = plan.positions.get(step);
  if (position === undefined) throw notFound(place);
  if (of === 'stepInput') {
    const text = await store.getInput(key, position, item);
    const constant = plan.steps[position]?.with;
    if (text === undefined && !constant?.constant) throw notFound(place);
    return text === undefined ? constant?.value : readStored('inputs.input', toRowKey(key, position, item), text);
  }
  const result = (await store.listResults(key)).find(one => one.step.position === position && one.step.item === item);
  if (!result || result.output === null) throw notFound(place);
  return readStored('attempts.output', toRowKey(key, position, item), result.output);
}

const notFound = (place: ValuePlace): FlowError => new FlowError('value_not_found', `Expected the place of a value that is stored, got ${JSON.stringify(place)}`);
