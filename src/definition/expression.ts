import { FlowError } from '../core/errors.ts';
import { maxJsonDepth } from '../core/json.ts';
import { describeValue, formatPath } from '../core/wording.ts';
import { compileProgram, type Program } from './expression-engine.ts';
import { type ExpressionReads, scanExpression, stepFields } from './expression-scan.ts';
import type { ExpressionScope, RecordedValues } from './plan.ts';

/** One compiled expression. */
export interface Expression {
  readonly source: string;
  readonly reads: ExpressionReads;
  /** @throws a `FlowError` with code `expression_failed` or `expression_timeout` */
  evaluate(scope: ExpressionScope, recorded: RecordedValues): Promise<unknown>;
}

/** Why a text is no expression, and where in it. */
export interface ExpressionMistake {
  readonly source: string;
  readonly message: string;
  /** 0-based, in the text that holds it. */
  readonly offset: number;
}

const segment = '(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`|"[^"\\\\]+")';
const plainPath = new RegExp(`^\\s*(?:input|steps|item|index|output)(?:\\.${segment})*\\s*$`);
const segments = new RegExp(segment, 'g');
const reserved = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function']);

/** Compiles an expression without its `{% %}`; what is no expression comes back as a mistake. */
export function parseExpression(source: string): Expression | ExpressionMistake {
  if (source.trim() === '') return { source, message: 'it is empty', offset: 0 };
  const path = readPlainPath(source);
  if (path) return createPathExpression(source, path);
  try {
    const program = compileProgram(source);
    return { source, reads: scanExpression(program.tree), evaluate: (scope, recorded) => evaluateProgram(source, program, scope, recorded) };
  } catch (error) {
    return toMistake(error, source);
  }
}

/** Names of a path like `steps.swap.output.price`; undefined for any other expression. */
function readPlainPath(source: string): string[] | undefined {
  if (!plainPath.test(source)) return undefined;
  const names: string[] = [];
  for (const [name] of source.matchAll(segments)) {
    if (reserved.has(name)) return undefined;
    names.push(name.startsWith('`') || name.startsWith('"') ? name.slice(1, -1) : name);
  }
  return names;
}

const none: ReadonlySet<string> = new Set();

const isStepField = (name: string): boolean => (stepFields as readonly string[]).includes(name);

/** Most expressions are plain paths; walking them costs a hundredth of evaluating them. */
function createPathExpression(source: string, names: readonly string[]): Expression {
  const [root, step, field] = names;
  const reads: ExpressionReads = {
    steps: root === 'steps' && step !== undefined ? new Set([step]) : none,
    allSteps: root === 'steps' && step === undefined,
    unknownNames: root === 'output' ? new Set([root]) : none,
    unknownFields: root === 'steps' && field !== undefined && !isStepField(field) ? new Set([field]) : none,
    unknownVariables: none,
    readsItem: root === 'item' || root === 'index',
    artifactsOf: root === 'steps' && step !== undefined && field === 'artifacts' ? new Set([step]) : none,
  };
  let program: Program | undefined;
  return {
    source,
    reads,
    async evaluate(scope, recorded) {
      let value: unknown = scope;
      for (const name of names) {
        if (Array.isArray(value)) {
          program ??= compileProgram(source);
          return evaluateProgram(source, program, scope, recorded);
        }
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
        value = (value as Record<string, unknown>)[name];
      }
      return value ?? null;
    },
  };
}

async function evaluateProgram(source: string, program: Program, scope: ExpressionScope, recorded: RecordedValues): Promise<unknown> {
  let result: unknown;
  try {
    result = await program.evaluate(scope, recorded);
  } catch (error) {
    throw toEvaluationError(error, source, recorded);
  }
  return toPlain(result, [], source);
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
    const plain = toPlain(member, path, source);
    if (key === '__proto__') Object.defineProperty(object, key, { value: plain, enumerable: true, configurable: true, writable: true });
    else object[key] = plain;
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

function toEvaluationError(error: unknown, source: string, recorded: RecordedValues): FlowError {
  const { code, position, message } = readError(error);
  const details = { expression: source, ...(position !== undefined && { position }), ...(code !== undefined && { reason: code }) };
  if (code === 'D1012') {
    return new FlowError('expression_timeout', `Expected the expression \`${show(source)}\` to be evaluated within ${recorded.timeLimitMs} ms; it was stopped`, { details });
  }
  const reason = error instanceof RangeError ? 'it calls itself too deeply' : message;
  const at = position === undefined ? '' : ` at character ${position}`;
  return new FlowError('expression_failed', `The expression \`${show(source)}\` could not be evaluated${at}: ${reason}`, { details });
}

function toMistake(error: unknown, source: string): ExpressionMistake {
  const { position, message } = readError(error);
  if (error instanceof RangeError) return { source, message: 'it is nested too deeply', offset: 0 };
  return { source, message, offset: Math.max(0, (position ?? 1) - 1) };
}

function readError(error: unknown): { code: string | undefined; position: number | undefined; message: string } {
  if (typeof error !== 'object' || error === null) return { code: undefined, position: undefined, message: String(error) };
  const { code, position, message } = error as { code?: unknown; position?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    position: typeof position === 'number' ? position : undefined,
    message: typeof message === 'string' && message !== '' ? message : 'unknown reason',
  };
}
