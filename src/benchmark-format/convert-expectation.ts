import { formatPath } from '../core/wording.ts';
import { parseValuePath } from '../definition/value-path.ts';
import type { Expectation } from './benchmark-schema.ts';
import type { Targets } from './targets.ts';

type Loose = { readonly [key: string]: unknown };
/** `times`: of entries for the same tool, the how manieth this one is: a tool that is expected twice must be called twice. */
type Convert = (one: Expectation, targets: Targets, times: number) => Loose | undefined;

const isText = (value: unknown): value is string => typeof value === 'string';
const toTexts = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isText) : []);
const isNumber = (value: unknown): value is number => typeof value === 'number';

/** So many completed calls of a tool with all of these parameters. */
function toCallSchema(tool: string, params: readonly string[], times: number): Loose {
  return {
    type: 'array',
    ...(times > 1 && { minContains: times }),
    contains: { type: 'object', required: ['tool', 'status', 'input'], properties: { tool: { const: tool }, status: { const: 'completed' }, input: { type: 'object', required: params } } },
  };
}

const toolCall: Convert = ({ tool_name: tool, expected_params: params, step }, { calls }, times) =>
  isText(tool) ? { type: 'matches', path: calls(isNumber(step) ? step : undefined), schema: toCallSchema(tool, toTexts(params), times) } : undefined;

/** What a value must be like: its type, and what else the entry says of it. */
function toValueSchema(one: Expectation): Loose {
  const { type, required_fields: fields, min_items: minItems, min_value: minimum, expected_values: values } = one;
  const required = toTexts(fields);
  return {
    ...(type !== undefined && { type }),
    ...(isNumber(minItems) && { minItems }),
    ...(isNumber(minimum) && { minimum }),
    ...(Array.isArray(values) && { enum: values }),
    ...(required.length > 0 && (type === 'array' ? { items: { type: 'object', required } } : { required })),
  };
}

const jsonTypes = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null', undefined]);

/** `$.result.data.summary[*].token.symbol`: every item must be like that, and there must be one. */
const resultValue: Convert = (one, { result }) => {
  const { path, field } = one;
  const text = isText(path) ? path : isText(field) ? field : undefined;
  if (text === undefined || !jsonTypes.has(one.type)) return undefined;
  const [head = '', ...tails] = text.replace(/^\$\.?/, '').split('[*]');
  const start = parseValuePath(head);
  const inner = tails.map(tail => parseValuePath(tail.replace(/^\./, '')) ?? []);
  if (!start || inner.some((keys, at) => keys.length === 0 && at < inner.length - 1)) return undefined;
  const schema = inner.reduceRight<Loose>((within, keys) => {
    const item = keys.reduceRight<Loose>((value, key) => ({ type: 'object', required: [String(key)], properties: { [String(key)]: value } }), within);
    return { type: 'array', minItems: 1, items: item };
  }, toValueSchema(one));
  return { type: 'matches', path: formatPath(['steps', result, 'output', ...start]), schema };
};

const statusOf = (status: Loose): Loose => ({ type: 'object', required: ['status'], properties: { status } });

const criteria: { readonly [type: string]: Convert } = {
  steps_completed: ({ required }, { steps }) => {
    if (!isNumber(required) || required > steps.length) return undefined;
    const wanted = steps.slice(0, required);
    return { type: 'matches', path: 'steps', schema: { type: 'object', required: wanted, properties: Object.fromEntries(wanted.map(id => [id, statusOf({ const: 'completed' })])) } };
  },
  no_critical_errors: (_one, { steps }) => ({ type: 'matches', path: 'steps', schema: { type: 'object', required: steps, properties: Object.fromEntries(steps.map(id => [id, statusOf({ not: { const: 'failed' } })])) } }),
};

const complexity: { readonly [type: string]: Convert } = {
  multi_step_execution: ({ min_steps: least }, { calls }) => (isNumber(least) ? { type: 'matches', path: calls(undefined), schema: { type: 'array', minItems: least } } : undefined),
};

const tracking: { readonly [type: string]: Convert } = {
  tool_call_logging: ({ required_tools: tools }, { calls }) => {
    const names = [...Map.groupBy(toTexts(tools), name => name)];
    return names.length === 0 ? undefined : { type: 'matches', path: calls(undefined), schema: { allOf: names.map(([name, { length }]) => toCallSchema(name, [], length)) } };
  },
};

const byType = (known: { readonly [type: string]: Convert }): Convert => (one, targets, times) => (one.type !== undefined && Object.hasOwn(known, one.type) ? known[one.type]?.(one, targets, times) : undefined);

const lists: { readonly [key: string]: Convert } = {
  expected_tool_calls: toolCall,
  tool_validation: toolCall,
  response_validation: resultValue,
  expected_data_structure: resultValue,
  success_criteria: byType(criteria),
  expected_flow_complexity: byType(complexity),
  expected_otel_tracking: byType(tracking),
};

/** Turns an entry of one of the lists into an assertion. What nothing here can judge is kept as it is, to be listed as not evaluated. */
export function convertExpectation(key: string, one: Expectation, targets: Targets, times: number): Loose {
  const converted = Object.hasOwn(lists, key) ? lists[key]?.(one, targets, times) : undefined;
  if (converted) return converted;
  const { type, description, path, ...rest } = one;
  const name = type ?? (isText(one['service']) ? one['service'] : key);
  const reason = isText(description) ? `Nothing measures it: ${description}` : `Nothing measures \`${key}\``;
  // `value_of` keeps what the file calls `path`, which means another thing here.
  return { ...rest, ...(isText(description) && { description }), ...(path !== undefined && { value_of: path }), type: `${key}.${name}`, reason };
}
