import { FlowError } from '../../core/errors.ts';
import { createTooDeepError, maxJsonDepth } from '../../core/json.ts';
import { describeValue, formatPath } from '../../core/wording.ts';
import { decodeError, encodeError, codecMark, errorMark, hole, isMark, plainMark, putItem, readLiteralMark, toLiteralMark } from './value-marks.ts';
import type { Inner } from './xstate-internals.ts';
import { isActorRef, refMark } from './xstate-internals.ts';

/** Carries values that JSON has no words for. */
export interface ValueCodec<Value = unknown> {
  /** Unique among the codecs of a runtime, and stored: keep it. */
  readonly name: string;
  /** Whether it is a value for this codec. Asked of values of every type: texts, numbers and `undefined`, too. */
  matches(value: unknown): boolean;
  /** A JSON value, or one made of what can be stored otherwise: this codec is not asked about it again, only about its parts. */
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

/** Where in a value something is: the keys that lead there. Changed as it is walked through. */
type Path = (string | number)[];
type Walk = Encoding & { readonly takesErrors: boolean; readonly path: Path; readonly root: unknown };

/**
 * The JSON of a value, or a refusal: nothing is lost in silence. Actors stand as their addresses, `undefined`, `NaN`, `-0` and the like as marks.
 *
 * This is the one way in which contexts, inputs, outputs and events are stored; `undefined` itself is what is not there.
 *
 * @param takesErrors failures on their way to `onError` are carried as name, message and code, with what is behind them
 * @throws a `FlowError` with code `actor_value_not_json`, naming the path and the remedy, or `value_not_json` when it is nested too deep
 */
export function encodeValue(value: unknown, name: string, encoding: Encoding, takesErrors = false): unknown {
  if (value === undefined) return undefined;
  // Most values are JSON as they are; only of others it is worth to know where.
  if (isPlain(value, encoding.codecs, maxJsonDepth)) return value;
  return encode(value, { ...encoding, takesErrors, path: [name], root: value });
}

/** Whether a value is JSON and stands for itself. */
function isPlain(value: unknown, codecs: readonly ValueCodec[], depth: number): boolean {
  for (const codec of codecs) if (codec.matches(value)) return false;
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean' || (Number.isFinite(value) && !Object.is(value, -0));
  if (value === null) return true;
  if (depth <= 1) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isPlain(value[index], codecs, depth - 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || isActorRef(value)) return false;
  for (const key in value) if (isMark(key) || !isPlain((value as Record<string, unknown>)[key], codecs, depth - 1)) return false;
  return true;
}

/** @param done the codec whose word for something this is: it is not asked again */
function encode(value: unknown, walk: Walk, done?: ValueCodec): unknown {
  const { path } = walk;
  const isRef = typeof value === 'object' && value !== null && isActorRef(value);
  if (!isRef) {
    for (const codec of walk.codecs) if (codec !== done && codec.matches(value)) return { [codecMark]: codec.name, value: encode(codec.encode(value), walk, codec) };
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  const literal = toLiteralMark(value);
  if (literal) return literal;
  if (typeof value === 'number') return value;
  if (typeof value !== 'object') return refuse(path, value);
  if (path.length > maxJsonDepth) throw createTooDeepError(String(path[0]), path.slice(1), walk.root);
  if (isRef) return walk.toAddress(value as unknown as Inner) ?? refuse(path, value);
  if (Array.isArray(value)) return encodeList(value, walk);
  if (walk.takesErrors && value instanceof Error) return encodeError(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return refuse(path, value);
  return encodeObject(value as Readonly<Record<string, unknown>>, walk);
}

function encodeList(list: readonly unknown[], walk: Walk): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    walk.path.push(index);
    const encoded = index in list ? encode(item, walk) : toLiteralMark(hole);
    walk.path.pop();
    if (encoded !== item) (copy ??= list.slice())[index] = encoded;
  }
  return copy ?? list;
}

function encodeObject(object: Readonly<Record<string, unknown>>, walk: Walk): unknown {
  let copy: Record<string, unknown> | undefined;
  let isMarked = false;
  for (const key of Object.keys(object)) {
    const part = object[key];
    isMarked ||= isMark(key);
    walk.path.push(key);
    const encoded = encode(part, walk);
    walk.path.pop();
    if (encoded !== part) (copy ??= { ...object })[key] = encoded;
  }
  return isMarked ? { [plainMark]: copy ?? object } : (copy ?? object);
}

function refuse(path: Readonly<Path>, value: unknown): never {
  throw new FlowError(
    'actor_value_not_json',
    `Expected a JSON value at \`${formatPath(path)}\`, got ${describeValue(value)}; ${toRemedy(value)}, or give createRuntime a codec for it (\`codecs\`)`,
  );
}

function toRemedy(value: unknown): string {
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
    for (let index = 0; index < value.length; index++) putItem(value, index, decodeValue(value[index], decoding));
    return value;
  }
  const stored = value as Record<string, unknown>;
  const literal = readLiteralMark(stored);
  if (literal) return literal.value;
  if (plainMark in stored) return decodeParts(stored[plainMark] as Record<string, unknown>, decoding);
  if (stored[refMark] === 1) return decoding.toRef(stored);
  if (errorMark in stored) return decodeError(stored[errorMark] as Parameters<typeof decodeError>[0]);
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
