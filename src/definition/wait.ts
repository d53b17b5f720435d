import { durationExpected, toDurationMs } from '../core/duration.ts';
import { FlowError } from '../core/errors.ts';
import { parseTime } from '../core/time-text.ts';
import { describeValue } from '../core/wording.ts';
import { isObject } from './outline.ts';

/** What is wrong with the `with` of a step, and at which of its keys. */
export interface WithMistake {
  readonly key?: string;
  readonly expected: string;
  readonly found: unknown;
}

/** The last time there is, epoch ms: 275760-09-13. A later one has no date, and no whole number in a row. */
const lastTimeMs = 8_640_000_000_000_000;
const sleepExpected = '`for` (a duration) or `until` (a time)';
const timeExpected = 'an ISO 8601 time with a zone, like `2026-01-31T09:00:00Z`, or epoch ms';

/** Reads what `sleep` was given: ms from now, or epoch ms. */
export function readSleep(value: unknown): { readonly forMs: number } | { readonly untilMs: number } | WithMistake {
  if (!isObject(value)) return { expected: `an object with ${sleepExpected}`, found: value };
  const { for: length, until } = value;
  if ((length === undefined) === (until === undefined)) return { expected: `an object with either ${sleepExpected}`, found: value };
  if (length !== undefined) {
    const forMs = toDurationMs(length);
    return forMs === undefined ? { key: 'for', expected: durationExpected, found: length } : { forMs };
  }
  const untilMs = typeof until === 'number' ? until : typeof until === 'string' ? (parseTime(until) ?? Number.NaN) : Number.NaN;
  return untilMs >= 0 && untilMs <= lastTimeMs ? { untilMs: Math.round(untilMs) } : { key: 'until', expected: timeExpected, found: until };
}

/** The signal that answers a step which asks what to do, unless the definition names another. */
export const toAskSignal = (stepId: string): string => `recover.${stepId}`;

/** Reads the name of the signal that a `signal` step waits for. */
export function readSignalName(value: unknown): { readonly name: string } | WithMistake {
  if (!isObject(value)) return { expected: 'an object with the `name` of a signal', found: value };
  const { name } = value;
  return typeof name === 'string' && name !== '' ? { name } : { key: 'name', expected: 'the name of a signal', found: name };
}

/** What an `await_message` step waits for; `correlationId` null: any message of the queue. */
export interface MessageWait {
  readonly queue: string;
  readonly correlationId: string | null;
}

/** Reads what an `await_message` step waits for. */
export function readMessageWait(value: unknown): MessageWait | WithMistake {
  if (!isObject(value)) return { expected: 'an object with the `queue`, and mostly a `correlation_id`', found: value };
  const { queue, correlation_id: correlationId = null } = value;
  if (typeof queue !== 'string' || queue === '') return { key: 'queue', expected: 'the name of a queue', found: queue };
  if (correlationId === null || (typeof correlationId === 'string' && correlationId !== '')) return { queue, correlationId };
  return { key: 'correlation_id', expected: 'a text', found: correlationId };
}

/** An error that says it. */
export function toWithError(code: string, { key, expected, found }: WithMistake): FlowError {
  const path = key === undefined ? 'with' : `with.${key}`;
  return new FlowError(code, `Expected \`${path}\` to be ${expected}, got ${describeValue(found)}`, { place: { path } });
}
