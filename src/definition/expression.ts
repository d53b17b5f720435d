import { laterTurn } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { describeInexact } from '../core/json-text.ts';
import type { EvaluatorApart } from '../evaluator/evaluation-task.ts';
import { findInexactNumber, growsTooMuch } from './expression-copies.ts';
import { computeCost, findGrowth, type Growth, maxCost } from './expression-cost.ts';
import { compileProgram, type Program } from './expression-engine.ts';
import { countBytes, readError, runProgram, takeRoom, toOverrunError } from './expression-result.ts';
import { type ExpressionReads, scanExpression, stepFields } from './expression-scan.ts';
import { createFunctionExpression } from './function-expression.ts';
import type { ExpressionScope, RecordedValues } from './plan.ts';
import { noFunctions, readReference, type ValueFunctions } from './value-function.ts';

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

/** The functions that expressions of a definition may name. */
export interface NamedFunctions {
  readonly run: ValueFunctions;
  /** Whether one may be named that is not there: the definition was stored. */
  readonly mayMiss: boolean;
}

const segment = '(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`|"[^"\\\\]+")';
const plainPath = new RegExp(`^\\s*(?:input|steps|item|index|output)(?:\\.${segment})*\\s*$`);
const segments = new RegExp(segment, 'g');
const reserved = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function']);

/** Compiles an expression without its `{% %}`; what is no expression comes back as a mistake. */
export function parseExpression(source: string, functions: NamedFunctions = { run: noFunctions, mayMiss: false }): Expression | ExpressionMistake {
  if (source.trim() === '') return { source, message: 'it is empty', offset: 0 };
  if (growsTooMuch(source)) return { source, message: 'it has too many `?:` and `??` within each other', offset: 0 };
  const place = readReference(source);
  if (place !== undefined) return toFunction(source, place, functions);
  const inexact = findInexactNumber(source);
  if (inexact) return { source, message: describeInexact(inexact.written), offset: inexact.offset };
  const path = readPlainPath(source);
  if (path) return createPathExpression(source, path);
  try {
    const program = compileProgram(source);
    const growth = findGrowth(program.tree);
    return { source, reads: scanExpression(program.tree), evaluate: (scope, recorded) => evaluateProgram(source, program, growth, scope, recorded) };
  } catch (error) {
    return toMistake(error, source);
  }
}

function toFunction(source: string, place: string, { run, mayMiss }: NamedFunctions): Expression | ExpressionMistake {
  if (run.has(place) || mayMiss) return createFunctionExpression(place, run.get(place));
  return { source, message: 'a function stands in its place in TypeScript, it cannot be named', offset: 0 };
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
    dependencies: false,
    unknownNames: root === 'output' ? new Set([root]) : none,
    unknownFields: root === 'steps' && field !== undefined && !isStepField(field) ? new Set([field]) : none,
    unknownVariables: none,
    readsItem: root === 'item' || root === 'index',
    artifactsOf: root === 'steps' && step !== undefined && field === 'artifacts' ? new Set([step]) : none,
    outputPaths: root === 'steps' && step !== undefined && field === 'output' ? [[step, ...names.slice(3)]] : [],
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
          return evaluateProgram(source, program, findGrowth(program.tree), scope, recorded);
        }
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
        value = (value as Record<string, unknown>)[name];
      }
      return value ?? null;
    },
  };
}

/** Here, when it is sure to be little; else where it holds nobody up, if there is such a place. */
async function evaluateProgram(source: string, program: Program, growth: Growth | undefined, scope: ExpressionScope, recorded: RecordedValues): Promise<unknown> {
  const cost = growth && computeCost(growth, scope);
  if (cost === undefined && recorded.apart?.isThere()) return evaluateFarther(source, recorded.apart, scope, recorded);
  await takeTurns(cost ?? maxCost);
  const result = await runProgram(source, program, scope, recorded, cost === undefined ? recorded.timeLimitMs : 0);
  takeRoom(recorded.room, countBytes(result));
  return result;
}

async function evaluateFarther(source: string, apart: EvaluatorApart, scope: ExpressionScope, { now, seed, timeLimitMs, room }: RecordedValues): Promise<unknown> {
  const outcome = await apart.evaluate({ kind: 'expression', source, scope: writeScope(source, scope), now, seed, maxBytes: room.maxBytes - room.used }, timeLimitMs);
  if ('error' in outcome) throw new FlowError(outcome.error.code, outcome.error.message, outcome.error);
  if ('overrun' in outcome) throw toOverrunError(source, outcome.overrun, timeLimitMs);
  takeRoom(room, outcome.value.length);
  return JSON.parse(outcome.value) as unknown;
}

function writeScope(source: string, scope: ExpressionScope): string {
  try {
    return JSON.stringify(scope);
  } catch (error) {
    // The one thing that is wrong with a JSON value can be that its text would be longer than texts can be.
    if (error instanceof RangeError) throw toOverrunError(source, 'memory', 0);
    throw error;
  }
}

let sinceTurn = 0;

/** Many small evaluations, one after the other, leave room for everything else. */
async function takeTurns(cost: number): Promise<void> {
  // One waits behind those that wait already: what was asked for first comes out first.
  while (sinceTurn > 0 && sinceTurn + cost > maxCost) await new Promise<void>(laterTurn);
  if (sinceTurn === 0) laterTurn(() => (sinceTurn = 0));
  sinceTurn += cost;
}

function toMistake(error: unknown, source: string): ExpressionMistake {
  const { position, message } = readError(error);
  if (error instanceof RangeError) return { source, message: 'it is nested too deeply', offset: 0 };
  return { source, message, offset: Math.max(0, (position ?? 1) - 1) };
}

