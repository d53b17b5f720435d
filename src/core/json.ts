import { FlowError } from './errors.ts';
import { countUtf8 } from './utf8.ts';
import { describeValue, formatPath } from './wording.ts';

/** Deepest nesting of a JSON value that is stored. */
export const maxJsonDepth = 500;

export interface EncodeJsonOptions {
  /** Largest JSON text, bytes of UTF-8. Default: no limit. */
  readonly maxBytes?: number;
  /** What the value is, as the first word of paths in complaints. Default `value`. */
  readonly name?: string;
}

/**
 * Writes a value as JSON text, or refuses it: nothing is lost in silence.
 *
 * Takes plain objects, lists, strings, finite numbers, booleans and null, at most 500 levels deep. Properties that are
 * undefined are left out; undefined itself becomes null.
 *
 * @throws a `FlowError` with code `value_not_json` or `value_too_large`; its place names the path
 */
export function encodeJson(value: unknown, options: EncodeJsonOptions = {}): string {
  const { maxBytes = Number.POSITIVE_INFINITY, name = 'value' } = options;
  if (value === undefined) return 'null';
  const walk: Walk = { room: maxBytes, path: [] };
  const complaint = inspect(value, 0, walk);
  if (complaint === tooLarge) throw valueTooLarge(name, maxBytes);
  if (complaint !== undefined) throw valueNotJson(name, walk.path, complaint, value);
  const text = JSON.stringify(value);
  if (text.length > maxBytes || (text.length * 3 > maxBytes && countUtf8(text) > maxBytes)) {
    throw valueTooLarge(name, maxBytes, countUtf8(text));
  }
  return text;
}

/** Copies a JSON value, so that whoever gets the copy may change it. */
export function copyJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (JSON.parse(JSON.stringify(value)) as unknown) : value;
}

/** Sets a property as JSON means it: the key `__proto__` is a key as any other. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else (object as Record<string, unknown>)[key] = value;
}

/** What is not JSON in a value, as `encodeJson` sees it; undefined: nothing. */
export function findNotJson(value: unknown): { readonly path: readonly (string | number)[]; readonly expected: string; readonly found: string } | undefined {
  const walk: Walk = { room: Number.POSITIVE_INFINITY, path: [] };
  const complaint = inspect(value, 0, walk);
  if (complaint === undefined || complaint === tooLarge) return undefined;
  const path = walk.path.toReversed();
  if (complaint === tooDeep) return { path: path.slice(0, 5), expected: `a value nested at most ${maxJsonDepth} levels deep`, found: 'a deeper one, or one that contains itself' };
  return { path, expected: complaint, found: describeValue(follow(value, path)) };
}

function follow(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<string | number, unknown>)[key];
  return value;
}

interface Walk {
  /** Bytes that may still be written; what is counted is a lower bound. */
  room: number;
  /** Keys to the value complained about, innermost first. */
  path: (string | number)[];
}

const tooLarge = Symbol('too large');
const tooDeep = Symbol('too deep');
type Complaint = string | typeof tooLarge | typeof tooDeep;

/** Returns what is wrong with a value, undefined when nothing is. Recursion ends at `maxJsonDepth`. */
function inspect(value: unknown, depth: number, walk: Walk): Complaint | undefined {
  switch (typeof value) {
    case 'string':
      walk.room -= value.length + 2;
      return walk.room < 0 ? tooLarge : undefined;
    case 'number':
      walk.room -= 1;
      return Number.isFinite(value) ? undefined : 'a finite number (or null)';
    case 'boolean':
      walk.room -= 4;
      return undefined;
    case 'object':
      if (value === null) {
        walk.room -= 4;
        return undefined;
      }
      if (depth >= maxJsonDepth) return tooDeep;
      if (walk.room < 0) return tooLarge;
      return Array.isArray(value) ? inspectList(value, depth, walk) : inspectObject(value, depth, walk);
    case 'bigint':
      return 'a JSON value; write a BigInt as a string';
    case 'undefined':
      return 'a JSON value; write null in place of undefined';
    default:
      return 'a JSON value';
  }
}

function inspectList(list: readonly unknown[], depth: number, walk: Walk): Complaint | undefined {
  walk.room -= list.length + 1;
  if (walk.room < 0) return tooLarge;
  for (let position = 0; position < list.length; position++) {
    const complaint = inspect(list[position], depth + 1, walk);
    if (complaint !== undefined) {
      walk.path.push(position);
      return complaint;
    }
  }
  return undefined;
}

function inspectObject(object: object, depth: number, walk: Walk): Complaint | undefined {
  const prototype: unknown = Object.getPrototypeOf(object);
  // A plain object of another realm (a vm context, an Electron window) has that realm's Object.prototype.
  if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null) return toAdvice(object);
  for (const key of Object.keys(object)) {
    const member: unknown = (object as Record<string, unknown>)[key];
    if (member === undefined) continue;
    walk.room -= key.length + 3;
    const complaint = inspect(member, depth + 1, walk);
    if (complaint !== undefined) {
      walk.path.push(key);
      return complaint;
    }
  }
  return undefined;
}

function toAdvice(object: object): string {
  if (object instanceof Date) return 'a JSON value; write a Date as a string (`date.toISOString()`)';
  if (object instanceof Map) return 'a JSON value; write a Map as an object (`Object.fromEntries(map)`)';
  if (object instanceof Set) return 'a JSON value; write a Set as a list (`[...set]`)';
  if (object instanceof Error) return 'a JSON value; write an Error as an object with its code and message, or throw it';
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return 'a JSON value; write bytes as a base64 string';
  if (object instanceof Promise) return 'a JSON value; await the Promise first';
  return 'a JSON value; write an instance of a class as a plain object';
}

function valueNotJson(name: string, inner: readonly (string | number)[], complaint: string | typeof tooDeep, root: unknown): FlowError {
  const keys = inner.toReversed();
  if (complaint === tooDeep) return createTooDeepError(name, keys, root);
  const path = formatPath([name, ...keys]);
  return new FlowError('value_not_json', `Expected \`${path}\` to be ${complaint}, got ${describeValue(follow(root, keys))}`, { place: { path } });
}

/**
 * Refuses plain data that is nested deeper than anything that is stored; whatever else it holds is not looked at.
 *
 * @throws a `FlowError` with code `value_not_json`
 */
export function requireDepth(value: unknown, name: string): void {
  const keys = findTooDeep(value, maxJsonDepth);
  if (keys) throw createTooDeepError(name, keys.toReversed(), value);
}

/** Keys to what is too deep, innermost first. */
function findTooDeep(value: unknown, room: number): (string | number)[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return undefined;
  if (room === 0) return [];
  for (const [key, part] of Object.entries(value)) {
    const found = findTooDeep(part, room - 1);
    if (found) return [...found, Array.isArray(value) ? Number(key) : key];
  }
  return undefined;
}

/** Tells a value that contains itself from one that is merely deep. */
export function createTooDeepError(name: string, keys: readonly (string | number)[], root: unknown): FlowError {
  const seen = new Map<unknown, number>([[root, 0]]);
  let value: unknown = root;
  for (const [position, key] of keys.entries()) {
    // A codec's word for something has other keys.
    value = (value as Record<string | number, unknown> | undefined)?.[key];
    const first = seen.get(value);
    if (first !== undefined && typeof value === 'object') {
      const path = formatPath([name, ...keys.slice(0, position + 1)]);
      const whole = formatPath([name, ...keys.slice(0, first)]);
      return new FlowError('value_not_json', `Expected \`${path}\` to be a JSON value, got \`${whole}\` again: the value contains itself`, { place: { path } });
    }
    seen.set(value, position + 1);
  }
  const path = formatPath([name, ...keys.slice(0, 5)]);
  return new FlowError('value_not_json', `Expected \`${name}\` to be nested at most ${maxJsonDepth} levels deep, got more below \`${path}\``, { place: { path } });
}

function valueTooLarge(name: string, maxBytes: number, bytes?: number): FlowError {
  const got = bytes === undefined ? 'more' : `${bytes} bytes`;
  return new FlowError('value_too_large', `Expected \`${name}\` to be at most ${maxBytes} bytes of JSON, got ${got}; store it outside and return a reference`, {
    place: { path: name },
    details: { maxBytes, ...(bytes !== undefined && { bytes }) },
  });
}
