import { FlowError } from '../core/errors.ts';
import { createTextSeededRandom } from '../core/ids.ts';
import { copyJson, findNotJson } from '../core/json.ts';
import { formatPath } from '../core/wording.ts';
import { countBytes, takeRoom } from './expression-result.ts';
import type { ExpressionReads } from './expression-scan.ts';
import type { ExpressionScope, RecordedValues } from './plan.ts';
import type { ValueContext, ValueFunction } from './value-function.ts';

const none: ReadonlySet<string> = new Set();

const reads: ExpressionReads = {
  steps: none, allSteps: false, dependencies: true, unknownNames: none, unknownFields: none, unknownVariables: none, readsItem: false, artifactsOf: none, outputPaths: [],
};

interface FunctionExpression {
  readonly source: string;
  readonly reads: ExpressionReads;
  evaluate(scope: ExpressionScope, recorded: RecordedValues): Promise<unknown>;
}

/** Makes of a function what an expression is. `run` undefined: it is named by what was stored, and not there. */
export function createFunctionExpression(place: string, run: ValueFunction | undefined): FunctionExpression {
  return {
    source: `function ${place}`,
    reads,
    async evaluate(scope, { now, seed, room }) {
      if (!run) throw new FlowError('value_unknown', `Expected the function at \`${place}\`, this process does not have it`, { details: { values: [place] } });
      const random = createTextSeededRandom(`${seed} ${place}`);
      const result = call(run, place, { ...freezeScope(scope), now, random: () => random.next() });
      takeRoom(room, countBytes(result));
      return result;
    },
  };
}

function call(run: ValueFunction, place: string, context: ValueContext): unknown {
  const failed = (reason: string, cause?: unknown): FlowError => new FlowError('expression_failed', `The function at \`${place}\` could not be evaluated: ${reason}`, { details: { expression: `function ${place}` }, cause });
  let result: unknown;
  try {
    result = run(context);
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error), error);
  }
  if (result === undefined) return null;
  const problem = findNotJson(result);
  if (!problem) return copyJson(result);
  if (result instanceof Promise) result.catch(() => undefined);
  const advice = result instanceof Promise ? '; a value is computed at once: do what takes time in a tool' : '';
  throw failed(`expected \`${formatPath(['result', ...problem.path])}\` to be ${problem.expected}, got ${problem.found}${advice}`);
}

const frozen = new WeakMap<ExpressionScope, ExpressionScope>();

/** A copy that cannot be changed: what a function did to it would be seen by others, and not again after a restart. */
function freezeScope(scope: ExpressionScope): ExpressionScope {
  const known = frozen.get(scope);
  if (known) return known;
  const copy = freeze(copyJson(scope)) as ExpressionScope;
  frozen.set(scope, copy);
  return copy;
}

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
