import { toError } from '../../core/errors.ts';
import { setOwn } from '../../core/json.ts';
import { errorMark } from './value-marks.ts';

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
