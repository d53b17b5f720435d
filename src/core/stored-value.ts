import { FlowError, isFlowError } from './errors.ts';
import type { StepFailure } from './failure.ts';
import { createFailure } from './failure.ts';
import { isEndings } from './settled-text.ts';
import { computeSha256 } from './sha256.ts';

type Fits = (value: unknown, text: string, key: string | number) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isAny: Fits = () => true;
const isFailure = (value: unknown): boolean => isObject(value) && typeof value['code'] === 'string' && typeof value['message'] === 'string';
const isListOfLists: Fits = value => Array.isArray(value) && value.every(Array.isArray);
const isActor = (value: unknown): boolean => isObject(value) && isObject(value['snapshot']) && typeof value['session'] === 'string';
const isContext: Fits = value =>
  isObject(value) && Object.entries(value).every(([name, held]) => (name === 'ending' ? isFailure(held) : name === 'flows' ? isObject(held) : typeof held === 'boolean' || isCount(held)));

/** The columns that hold JSON, and what must be in them. Whoever adds a column adds it here: the test damages every one. */
export const storedColumns = {
  'executions.context': isContext,
  'executions.failure': isFailure,
  // Steps and their attempts are parts of `journal.changes`; earlier versions had tables of them.
  'steps.counters': value => isObject(value) && ['total', 'settled', 'completed'].every(name => isCount(value[name])),
  'steps.failure': isFailure,
  'attempts.output': isAny,
  'attempts.failure': isFailure,
  'inputs.input': isAny,
  'signals.payload': isAny,
  'journal.entries': isListOfLists,
  'journal.changes': isObject,
  'journal.outputs': isAny,
  'checkpoints.state': value => isObject(value) && isEndings(value['settled']) && ['context', 'tally', 'open'].every(name => Array.isArray(value[name])),
  'checkpoints.outputs': value => Array.isArray(value) && value.every(Number.isSafeInteger),
  // Nothing else than what its digest says.
  'definitions.definition': (value, text, key) => isObject(value) && computeSha256(text) === key,
  'consolidations.error': isFailure,
  'consolidations.content': isObject,
  'interactions.failure': isFailure,
  'messages.payload': isAny,
  'message_payloads.payload': isAny,
  'messages.history': isListOfLists,
  'messages.failure': isFailure,
  'outbox.request': value => isObject(value) && typeof value['queue'] === 'string',
  'outbox.failure': isFailure,
  'actors.tree': value => isObject(value) && isActor(value['root']) && (value['open'] === undefined || Array.isArray(value['open'])),
  'actor_parts.body': value => isActor(value) || (isObject(value) && ((isCount(value['number']) && isObject(value['event'])) || 'value' in value)),
  'actor_machines.structure': value => isObject(value) && Array.isArray(value['machines']),
} as const satisfies { readonly [column: string]: Fits };

export type StoredColumn = keyof typeof storedColumns;

/**
 * Reads JSON that a row holds: the one place that says what damage is.
 *
 * @param key the row, as its table has it
 * @throws a `FlowError` with code `store_damaged`; `details` has table, column and key
 */
export function readStored<Value = unknown>(column: StoredColumn, key: string | number, text: string): Value {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw createDamage(column, key, (error as Error).message, error);
  }
  if (!(storedColumns[column] as Fits)(value, text, key)) throw createDamage(column, key, `it is not what was stored, ${text.slice(0, 40)}`);
  return value as Value;
}

/** The key of a row that belongs to a step or an item. */
export const toRowKey = (executionKey: number, position: number, item: number): string => `${executionKey}/${position}/${item}`;

export interface StoredCounters {
  readonly total: number;
  readonly settled: number;
  readonly completed: number;
}

/** Reads how far a `for_each` step is; null: it is none. */
export function readCounters({ executionKey, position, item, counters }: { readonly executionKey: number; readonly position: number; readonly item: number; readonly counters: string | null }): StoredCounters | null {
  return counters === null ? null : readStored('steps.counters', toRowKey(executionKey, position, item), counters);
}

/** What cannot be read of a row. */
function createDamage(column: StoredColumn, key: string | number, reason: string, cause?: unknown): FlowError {
  const [table, name] = column.split('.') as [string, string];
  return new FlowError('store_damaged', `Expected \`${name}\` in the row ${key} of \`${table}\` to be readable: ${reason}. Restore the database from a backup`, {
    details: { table, column: name, key },
    ...(cause !== undefined && { cause }),
  });
}

const damaged = new WeakSet<object>();

/** Reads what is listed with others: what cannot be read is said in its place, so that one row does not hide all. */
export function tryStored<Value>(read: () => Value): { readonly value: Value } | { readonly damage: StepFailure } {
  try {
    return { value: read() };
  } catch (error) {
    if (!isFlowError(error, 'store_damaged')) throw error;
    return { damage: createFailure(error.code, error.message, error.details) };
  }
}

/** Reads why something failed. Where that cannot be read, the damage is the reason: one row must not hide all that are listed with it. */
export function readStoredFailure(column: StoredColumn, key: string | number, text: string | null): StepFailure | null {
  if (text === null) return null;
  const read = tryStored(() => readStored<StepFailure>(column, key, text));
  if ('value' in read) return read.value;
  damaged.add(read.damage);
  return read.damage;
}

/** @throws a `FlowError` with code `store_damaged` when the failure is what `readStoredFailure` made of damage */
export function requireFailure(failure: StepFailure | null): void {
  if (failure && damaged.has(failure)) throw new FlowError(failure.code, failure.message, { ...(failure.details && { details: failure.details }) });
}
