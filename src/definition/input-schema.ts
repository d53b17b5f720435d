import { FlowError, isFlowError } from '../core/errors.ts';
import { encodeJson, setOwn } from '../core/json.ts';
import { checkBySchema } from './check-by-schema.ts';
import type { InputProblem } from './input-problems.ts';
import { isObject } from './outline.ts';
import type { FlowDefinition } from './schema.ts';

/**
 * Checks an input against the flow's `input` schema, and fills in the schema's defaults.
 *
 * JSON Schema 2020-12, `format` included. A flow without a schema takes any JSON value. The input is not changed; with a
 * schema a copy comes back.
 *
 * @param timeLimitMs most CPU the check may take, ms
 * @throws a `FlowError` with code `input_invalid`: `details.problems` lists path, what was expected and what was found; or
 * `value_not_json`; or `input_schema_invalid`, when the schema itself cannot be used; or `input_check_timeout`
 */
export async function validateInput(definition: Pick<FlowDefinition, 'id' | 'input'>, input: unknown, timeLimitMs: number): Promise<unknown> {
  const text = encodeJson(input, { name: 'input' });
  const schema = definition.input;
  if (schema === undefined) return input;
  const filled = fillDefaults(schema, input === undefined ? undefined : JSON.parse(text), 0) ?? null;
  const problems = await findInputProblems(definition.id, schema, filled, timeLimitMs);
  if (problems.length === 0) return filled;
  throw inputInvalid(definition.id, problems);
}

async function findInputProblems(flowId: string, schema: object | boolean, input: unknown, timeLimitMs: number): Promise<readonly InputProblem[]> {
  try {
    return await checkBySchema(schema, input, timeLimitMs);
  } catch (error) {
    if (isFlowError(error, 'input_schema_invalid')) {
      throw new FlowError('input_schema_invalid', `Expected the input schema of flow \`${flowId}\` to be one that inputs can be checked with: ${error.message}`, { cause: error });
    }
    if (isFlowError(error, 'input_check_timeout')) throw new FlowError('input_check_timeout', `Input of flow \`${flowId}\`: ${error.message}`);
    throw error;
  }
}

const maxDefaultDepth = 50;
const maxListed = 20;

function fillDefaults(schema: unknown, value: unknown, depth: number): unknown {
  if (!isObject(schema) || depth > maxDefaultDepth) return value;
  if (value === undefined) return 'default' in schema ? schema['default'] : undefined;
  const { properties, items } = schema;
  if (Array.isArray(value)) return isObject(items) ? value.map(member => fillDefaults(items, member, depth + 1)) : value;
  if (!isObject(value) || !isObject(properties)) return value;
  let filled: Record<string, unknown> | undefined;
  for (const [name, inner] of Object.entries(properties)) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const result = fillDefaults(inner, member, depth + 1);
    if (result === member) continue;
    filled ??= { ...value };
    setOwn(filled, name, result);
  }
  return filled ?? value;
}

function inputInvalid(flowId: string, problems: readonly InputProblem[]): FlowError {
  const lines = problems.slice(0, maxListed).map(({ message }) => message);
  if (problems.length > maxListed) lines.push(`and ${problems.length - maxListed} more`);
  const [first] = problems;
  const message =
    problems.length === 1 && first
      ? `Input of flow \`${flowId}\`: ${first.message}`
      : [`${problems.length} problems in the input of flow \`${flowId}\`:`, ...lines.map(line => `  ${line}`)].join('\n');
  return new FlowError('input_invalid', message, { details: { problems }, ...(first && { place: { path: first.path } }) });
}
