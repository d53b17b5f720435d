import type { Encoding } from './encode-value.ts';
import { encodeValue } from './encode-value.ts';
import { partMark, plainMark } from './value-marks.ts';

/** What is shorter stays in the row of its actor. Characters of JSON. */
const minLength = 1_024;

/** A value of a context that has a row of its own. */
interface LargeValue {
  readonly value: unknown;
  /** All that its text was made of, in order; undefined: it is not JSON as it stands. */
  readonly trail: readonly unknown[] | undefined;
  readonly body: string;
}

/** What is known of an actor's context: its large values by key, and how long the rest was when these were looked for. */
export interface ContextParts {
  readonly values: ReadonlyMap<string, LargeValue>;
  readonly searched: number;
}

export const noParts: ContextParts = { values: new Map(), searched: 0 };

/** The mark that stands for a large value in its context. */
const mark = { [partMark]: 1 };

/**
 * The JSON of a context without its large values, which are stored by themselves, and only when they change.
 *
 * One that is the same object is walked through, not written: nobody can say that it was not changed in place.
 *
 * @throws a `FlowError` with code `actor_value_not_json`
 */
export function encodeContext(context: unknown, name: string, encoding: Encoding, { values }: ContextParts): { readonly encoded: unknown; readonly kept: Map<string, LargeValue> } {
  const kept = new Map<string, LargeValue>();
  if (values.size === 0 || !canSplit(context, encoding)) return { encoded: encodeValue(context, name, encoding), kept };
  const rest = { ...context };
  for (const [key, before] of values) {
    if (!Object.hasOwn(context, key)) continue;
    const value = context[key];
    // By itself, but at its place: paths and depths are told as of the whole.
    const large = before.value === value && before.trail && isUnchanged(value, before.trail) ? before : measure(value, (encodeValue({ [key]: value }, name, encoding) as Record<string, unknown>)[key]);
    if (!large) continue;
    kept.set(key, large);
    rest[key] = null;
  }
  const encoded = encodeValue(rest, name, encoding) as Record<string, unknown>;
  // Its own keys look like marks: all of it stays where it is.
  if (plainMark in encoded) return { encoded: encodeValue(context, name, encoding), kept: new Map() };
  for (const key of kept.keys()) encoded[key] = mark;
  return { encoded, kept };
}

/** Finds the values of an encoded context that are large; undefined: there are none. */
export function findLarge(context: unknown, encoded: unknown, encoding: Encoding): Map<string, LargeValue> | undefined {
  if (!canSplit(context, encoding) || plainMark in (encoded as object)) return undefined;
  const found = new Map<string, LargeValue>();
  for (const [key, value] of Object.entries(encoded as Record<string, unknown>)) {
    const large = value === mark ? undefined : measure(context[key], value);
    if (large) found.set(key, large);
  }
  return found.size > 0 ? found : undefined;
}

/** An encoded context with marks in place of some of its values. */
export function markLarge(encoded: unknown, keys: Iterable<string>): unknown {
  const marked = { ...(encoded as Record<string, unknown>) };
  for (const key of keys) marked[key] = mark;
  return marked;
}

function canSplit(context: unknown, { codecs }: Encoding): context is Record<string, unknown> {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) return false;
  const prototype: unknown = Object.getPrototypeOf(context);
  return (prototype === Object.prototype || prototype === null) && !codecs.some(codec => codec.matches(context));
}

function measure(value: unknown, encoded: unknown): LargeValue | undefined {
  if ((typeof encoded !== 'object' || encoded === null) && (typeof encoded !== 'string' || encoded.length < minLength)) return undefined;
  const body = JSON.stringify({ value: encoded });
  if (body.length < minLength) return undefined;
  const trail: unknown[] = [];
  if (encoded === value) note(value, trail);
  return { value, trail: encoded === value ? trail : undefined, body };
}

/** Notes objects, keys and plain values in the order of the text. */
function note(value: unknown, trail: unknown[]): void {
  trail.push(value);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    trail.push(value.length);
    for (let index = 0; index < value.length; index++) note(value[index], trail);
    return;
  }
  const keys = Object.keys(value);
  trail.push(keys.length);
  for (const key of keys) {
    trail.push(key);
    note((value as Record<string, unknown>)[key], trail);
  }
}

/** Whether its text would be the same as when the trail was noted. */
function isUnchanged(root: unknown, trail: readonly unknown[]): boolean {
  let at = 0;
  const visit = (value: unknown): boolean => {
    if (!Object.is(value, trail[at++])) return false;
    if (typeof value !== 'object' || value === null) return true;
    if (Array.isArray(value)) {
      if (value.length !== trail[at++]) return false;
      for (let index = 0; index < value.length; index++) if (!visit(value[index])) return false;
      return true;
    }
    const length = trail[at++];
    let count = 0;
    for (const key in value) {
      count++;
      if (key !== trail[at++] || !visit((value as Record<string, unknown>)[key])) return false;
    }
    return count === length;
  };
  return visit(root);
}
