import { FlowError } from '../core/errors.ts';
import { maxJsonDepth } from '../core/json.ts';
import { describeValue, formatPath } from '../core/wording.ts';
import type { Inner } from './xstate-internals.ts';
import { isActorRef, refMark } from './xstate-internals.ts';

/** Carries values that JSON has no words for. */
export interface ValueCodec<Value = unknown> {
  /** Unique among the codecs of a runtime, and stored: keep it. */
  readonly name: string;
  /** Whether it is a value for this codec. */
  matches(value: object): boolean;
  /** A JSON value, or one made of what other codecs carry. */
  encode(value: Value): unknown;
  decode(stored: unknown): Value;
}

export interface Encoding {
  readonly codecs: readonly ValueCodec[];
  /** What stands for an actor in JSON; undefined: an actor that is not known here. */
  toAddress(ref: Inner): object | undefined;
}

export interface Decoding {
  readonly codecs: readonly ValueCodec[];
  toRef(stored: Record<string, unknown>): unknown;
}

/** What stands for a value that a codec carries. */
export const codecMark = 'flowstone$codec';
const errorMark = 'flowstone$error';
/** Around an object of somebody's own that has one of these names in it. */
const plainMark = 'flowstone$plain';
const marks = new Set<string>([refMark, codecMark, errorMark, plainMark]);
/** The length of the shortest. */
const minMark = refMark.length;
const isMark = (key: string): boolean => key.length >= minMark && marks.has(key);

/**
 * The JSON of a value, or a refusal: nothing is lost in silence. Actors stand as their addresses.
 *
 * @param takesErrors failures on their way to `onError` are carried as name and message
 * @throws a `FlowError` with code `actor_value_not_json`, naming the path and the remedy
 */
export function encodeValue(value: unknown, name: string, encoding: Encoding, takesErrors = false): unknown {
  // Most values are JSON as they are; only of others it is worth to know where.
  if (isPlain(value, encoding.codecs, maxJsonDepth)) return value;
  return encode(value, [name], { ...encoding, takesErrors });
}

/** Whether a value is JSON and stands for itself. */
function isPlain(value: unknown, codecs: readonly ValueCodec[], depth: number): boolean {
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean' || value === undefined || Number.isFinite(value);
  if (value === null) return true;
  if (depth <= 1) return false;
  for (const codec of codecs) if (codec.matches(value)) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (item === undefined || !isPlain(item, codecs, depth - 1)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || isActorRef(value)) return false;
  for (const key in value) if (isMark(key) || !isPlain((value as Record<string, unknown>)[key], codecs, depth - 1)) return false;
  return true;
}

function encode(value: unknown, path: readonly (string | number)[], encoding: Encoding & { readonly takesErrors: boolean }): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || value === undefined) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : refuse(path, value);
  if (typeof value !== 'object') return refuse(path, value);
  if (path.length > maxJsonDepth) return refuse(path.slice(0, 5), value);
  if (isActorRef(value)) return encoding.toAddress(value) ?? refuse(path, value);
  for (const codec of encoding.codecs) {
    if (codec.matches(value)) return { [codecMark]: codec.name, value: encode(codec.encode(value), path, encoding) };
  }
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (item === undefined) return refuse([...path, index], item);
      const encoded = typeof item === 'object' || typeof item === 'function' || typeof item === 'number' ? encode(item, [...path, index], encoding) : encode(item, path, encoding);
      if (encoded !== item) (copy ??= value.slice())[index] = encoded;
    }
    return copy ?? value;
  }
  if (encoding.takesErrors && value instanceof Error) {
    const { name, message } = value;
    const code: unknown = (value as { code?: unknown }).code;
    return { [errorMark]: { name, message, ...(typeof code === 'string' ? { code } : {}) } };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return refuse(path, value);
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const part = (value as Record<string, unknown>)[key];
    if (part === undefined) continue;
    const encoded = encode(part, [...path, key], encoding);
    if (encoded !== part) (copy ??= { ...(value as Record<string, unknown>) })[key] = encoded;
  }
  const isMarked = Object.keys(value).some(isMark);
  return isMarked ? { [plainMark]: copy ?? value } : (copy ?? value);
}

function refuse(path: readonly (string | number)[], value: unknown): never {
  throw new FlowError(
    'actor_value_not_json',
    `Expected a JSON value at \`${formatPath(path)}\`, got ${describeValue(value)}; ${toRemedy(value)}, or give createRuntime a codec for it (\`codecs\`)`,
  );
}

function toRemedy(value: unknown): string {
  if (value === undefined) return 'write null in place of undefined';
  if (typeof value === 'number') return 'write null or a string in place of it';
  if (typeof value === 'bigint') return 'write it as a string';
  if (typeof value === 'function') return 'give functions to the machine (`setup`, `provide`), not to its data';
  if (value instanceof Error) return 'keep its message, not the error itself';
  if (value instanceof Date) return 'keep epoch ms or an ISO text';
  if (value instanceof Map || value instanceof Set) return 'keep a list or a plain object';
  if (typeof value === 'object' && value !== null && isActorRef(value)) return 'keep only actors of the same machine, or handles of this runtime';
  return 'keep a plain object with what is needed of it';
}

/** The value that `encodeValue` made JSON of. Takes what it is given apart: give it a copy. */
export function decodeValue(value: unknown, decoding: Decoding): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = decodeValue(value[index], decoding);
    return value;
  }
  const stored = value as Record<string, unknown>;
  if (plainMark in stored) return decodeParts(stored[plainMark] as Record<string, unknown>, decoding);
  if (stored[refMark] === 1) return decoding.toRef(stored);
  if (errorMark in stored) {
    const { name, message, code } = stored[errorMark] as { name: string; message: string; code?: string };
    return Object.defineProperty(Object.assign(new Error(message), code === undefined ? {} : { code }), 'name', { value: name, enumerable: false, configurable: true, writable: true });
  }
  if (codecMark in stored) {
    const codec = decoding.codecs.find(({ name }) => name === stored[codecMark]);
    if (!codec) throw new FlowError('codec_missing', `Expected a codec named \`${String(stored[codecMark])}\` among the \`codecs\` of createRuntime: a stored value was written with it`);
    return codec.decode(decodeValue(stored['value'], decoding));
  }
  return decodeParts(stored, decoding);
}

function decodeParts(stored: Record<string, unknown>, decoding: Decoding): unknown {
  for (const key of Object.keys(stored)) {
    const part = stored[key];
    if (typeof part === 'object' && part !== null) stored[key] = decodeValue(part, decoding);
  }
  return stored;
}
