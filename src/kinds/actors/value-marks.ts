import { refMark } from './xstate-internals.ts';
import { toError } from '../../core/errors.ts';
import { setOwn } from '../../core/json.ts';

/** What stands for a value that a codec carries. */
export const codecMark = 'flowstone$codec';
/** What stands for a value that JSON has no word for; its text is how JavaScript writes it. */
const literalMark = 'flowstone$value';
export const errorMark = 'flowstone$error';
/** What stands for a value that is stored beside the context it is of. */
export const partMark = 'flowstone$part';
/** Around an object of somebody's own that has one of these names in it. */
export const plainMark = 'flowstone$plain';

const marks = new Set<string>([refMark, codecMark, literalMark, errorMark, partMark, plainMark]);
/** The length of the shortest. */
const minMark = Math.min(...[...marks].map(mark => mark.length));

export const isMark = (key: string): boolean => key.length >= minMark && marks.has(key);

/** The place of a list that nothing was ever put in. */
export const hole = Symbol('hole');

/** `undefined`, `NaN`, `Infinity`, `-0`, `12n`: how JavaScript writes what JSON cannot; undefined: JSON can, or neither can. */
function toLiteral(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : undefined) : String(value);
  if (value === undefined) return 'undefined';
  if (value === hole) return 'empty';
  return typeof value === 'bigint' ? `${value}n` : undefined;
}

const numbers = new Set(['NaN', 'Infinity', '-Infinity', '-0']);

/** The mark for a value that JSON has no word for, else undefined. */
export function toLiteralMark(value: unknown): object | undefined {
  const text = toLiteral(value);
  return text === undefined ? undefined : { [literalMark]: text };
}

/** The value that a mark stands for; null: it is no such mark. */
export function readLiteralMark(stored: Readonly<Record<string, unknown>>): { readonly value: unknown } | null {
  const text = stored[literalMark];
  if (typeof text !== 'string' || Object.keys(stored).length !== 1) return null;
  if (text === 'undefined') return { value: undefined };
  if (text === 'empty') return { value: hole };
  if (numbers.has(text)) return { value: Number(text) };
  return /^-?\d+n$/.test(text) ? { value: BigInt(text.slice(0, -1)) } : null;
}

/** A stored value with its literals as values and all other marks as they are: what a migration is given. Takes it apart. */
export function openLiterals(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) putItem(value, index, openLiterals(value[index]));
    return value;
  }
  const stored = value as Record<string, unknown>;
  const literal = readLiteralMark(stored);
  if (literal) return literal.value;
  for (const key of Object.keys(stored)) stored[key] = openLiterals(stored[key]);
  return stored;
}

/** The other way round. */
export function closeLiterals(value: unknown): unknown {
  const mark = toLiteralMark(value);
  if (mark) return mark;
  if (Array.isArray(value)) return Array.from(value, (item: unknown, index) => closeLiterals(index in value ? item : hole));
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, closeLiterals(part)]));
}

/** Puts what was read into its place of a list. */
export function putItem(list: unknown[], index: number, item: unknown): void {
  if (item === hole) delete list[index];
  else list[index] = item;
}

/** A stored value as text for people: JSON, but for what JSON has no word for. */
export const describeStored = (value: unknown): string => JSON.stringify(value).replaceAll(/\{"flowstone\$value":"([^"]+)"\}/g, '$1');

/** Errors that are kept behind one, at most: what gathers errors that gather errors could go on without an end. */
const maxBehind = 50;

interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** What is behind it: an error of this form, or a JSON value. */
  readonly cause?: unknown;
  /** Those that it gathers. */
  readonly errors?: readonly unknown[];
}

/** An error as it is stored, with what is behind it. */
export function encodeError(error: Error, above: readonly unknown[] = [], room = { left: maxBehind }): { readonly [errorMark]: StoredError } {
  const { name, message, cause } = error;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  const chain = [...above, error];
  const keep = (one: unknown): unknown[] => (room.left > 0 && !chain.includes(one) ? [(room.left--, encodeBehind(one, chain, room))] : []);
  const [behind] = cause === undefined || cause === null ? [] : keep(cause);
  return { [errorMark]: {
    name: String(name), message: String(message), ...(typeof code === 'string' && { code }),
    ...(behind !== undefined && { cause: behind }),
    ...(Array.isArray(errors) && { errors: errors.slice(0, maxBehind).flatMap(keep) }),
  } };
}

/** What was thrown may be anything: what is no error is kept as its text. */
function encodeBehind(value: unknown, chain: readonly unknown[], room: { left: number }): unknown {
  if (value instanceof Error) return encodeError(value, chain, room);
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  const { message } = (typeof value === 'object' && value !== null ? value : {}) as { message?: unknown };
  return typeof message === 'string' ? message : toError(value).message;
}

/** The error that `encodeError` made JSON of. */
export function decodeError(stored: StoredError): Error {
  const { name, message, code, cause, errors } = stored;
  const error = new Error(message, cause === undefined ? undefined : { cause: decodeBehind(cause) });
  if (code !== undefined) setOwn(error, 'code', code);
  const hidden = { enumerable: false, configurable: true, writable: true };
  if (errors) Object.defineProperty(error, 'errors', { ...hidden, value: errors.map(decodeBehind) });
  return Object.defineProperty(error, 'name', { ...hidden, value: name });
}

const decodeBehind = (stored: unknown): unknown => (typeof stored === 'object' && stored !== null && errorMark in stored ? decodeError(stored[errorMark] as StoredError) : stored);
