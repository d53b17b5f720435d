import { setOwn } from '../core/json.ts';
import { errorMark } from './value-marks.ts';

/** How deep causes are kept, and how many errors of those that one gathers. */
const [maxDepth, maxGathered] = [20, 20];

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
export function encodeError(error: Error, above: readonly unknown[] = []): { readonly [errorMark]: StoredError } {
  const { name, message, cause } = error;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  const chain = [...above, error];
  const isLast = chain.length > maxDepth;
  return { [errorMark]: {
    name: String(name), message: String(message), ...(typeof code === 'string' && { code }),
    ...(cause !== undefined && cause !== null && !isLast && !chain.includes(cause) && { cause: encodeBehind(cause, chain) }),
    ...(Array.isArray(errors) && !isLast && { errors: errors.slice(0, maxGathered).filter(one => !chain.includes(one)).map(one => encodeBehind(one, chain)) }),
  } };
}

/** What was thrown may be anything: what is no error is kept as its text. */
function encodeBehind(value: unknown, chain: readonly unknown[]): unknown {
  if (value instanceof Error) return encodeError(value, chain);
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  const { message } = (typeof value === 'object' && value !== null ? value : {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(value);
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
