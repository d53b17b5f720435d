import { FlowError } from '../core/errors.ts';
import { maxJsonDepth, setOwn } from '../core/json.ts';
import { describeValue, formatPath } from '../core/wording.ts';
import { maxEvaluationMemoryMb } from '../evaluator/evaluation-task.ts';
import type { Program } from './expression-engine.ts';
import type { RecordedValues, ResultRoom } from './plan.ts';

/**
 * Evaluates a program in this thread and copies the result as plain JSON values.
 *
 * @param timeLimitMs looked at between its steps; 0: none
 * @throws a `FlowError` with code `expression_failed` or `expression_timeout`
 */
export async function runProgram(source: string, program: Program, scope: object, recorded: Pick<RecordedValues, 'now' | 'seed'>, timeLimitMs = 0): Promise<unknown> {
  let result: unknown;
  try {
    result = await program.evaluate(scope, recorded, timeLimitMs);
  } catch (error) {
    if (readError(error).code === 'D1012') throw toOverrunError(source, 'time', timeLimitMs);
    throw toEvaluationError(error, source);
  }
  return toPlain(result, [], source);
}

/** Counts what a result comes to at least, bytes of JSON. */
export function countBytes(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 1;
  let bytes = 2;
  if (!Array.isArray(value)) for (const key of Object.keys(value)) bytes += key.length + 3;
  for (const member of Object.values(value)) bytes += countBytes(member);
  return bytes;
}

/** Takes room for a result: a definition may hold so many expressions that together they would fill the memory. */
export function takeRoom(room: ResultRoom, bytes: number): void {
  room.used += bytes;
  if (room.used > room.maxBytes) throw tooLarge(room.maxBytes);
}

/** The error for results that have no room. */
export function tooLarge(maxBytes: number): FlowError {
  return new FlowError('value_too_large', `Expected what the expressions of a step come to, to be at most ${maxBytes} bytes of JSON, got more; store it outside and return a reference`, { details: { maxBytes } });
}

/** Copies a result as plain JSON: without the marks JSONata leaves on its lists, and with nothing in it that is not JSON. */
function toPlain(value: unknown, path: (string | number)[], source: string): unknown {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (value === undefined) return null;
  if (path.length > maxJsonDepth) throw notJson(source, path.slice(0, 5), `something nested deeper than ${maxJsonDepth} levels`);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const [position, member] of value.entries()) {
      path.push(position);
      list.push(toPlain(member, path, source));
      path.pop();
    }
    return list;
  }
  if (typeof value !== 'object' || isJsonataFunction(value)) {
    throw notJson(source, path, typeof value === 'number' ? describeValue(value) : 'a function');
  }
  const object: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    path.push(key);
    setOwn(object, key, toPlain(member, path, source));
    path.pop();
  }
  return object;
}

/** Data may carry JSONata's marks too; only a function has code behind them. */
function isJsonataFunction(value: object): boolean {
  const { implementation, environment } = value as { implementation?: unknown; environment?: { lookup?: unknown } | null };
  return typeof implementation === 'function' || typeof environment?.lookup === 'function';
}

const maxShown = 200;
const show = (source: string): string => {
  const text = source.trim();
  return text.length > maxShown ? `${text.slice(0, maxShown - 1)}…` : text;
};

function notJson(source: string, path: readonly (string | number)[], found: string): FlowError {
  const name = formatPath(['result', ...path]);
  return new FlowError('expression_failed', `Expected \`${name}\` of the expression \`${show(source)}\` to be a JSON value, got ${found}`, {
    details: { expression: source },
  });
}

function toEvaluationError(error: unknown, source: string): FlowError {
  const { code, position, message } = readError(error);
  const details = { expression: source, ...(position !== undefined && { position }), ...(code !== undefined && { reason: code }) };
  const reason = error instanceof RangeError ? 'it calls itself too deeply' : message;
  const at = position === undefined ? '' : ` at character ${position}`;
  return new FlowError('expression_failed', `The expression \`${show(source)}\` could not be evaluated${at}: ${reason}`, { details });
}

/** The error for an expression that met the limit of its work. */
export function toOverrunError(source: string, limit: 'time' | 'memory', timeLimitMs: number): FlowError {
  const details = { expression: source };
  if (limit === 'time') return new FlowError('expression_timeout', `Expected the expression \`${show(source)}\` to be evaluated within ${timeLimitMs} ms; it was stopped`, { details });
  return new FlowError('expression_too_large', `Expected the expression \`${show(source)}\` to be evaluated within ${maxEvaluationMemoryMb} MiB of memory; it was stopped`, { details });
}

/** What JSONata says of a mistake. */
export function readError(error: unknown): { code: string | undefined; position: number | undefined; message: string } {
  if (typeof error !== 'object' || error === null) return { code: undefined, position: undefined, message: String(error) };
  const { code, position, message } = error as { code?: unknown; position?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    position: typeof position === 'number' ? position : undefined,
    message: typeof message === 'string' && message !== '' ? message : 'unknown reason',
  };
}
