import type { ExecutionStatus } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { ListOptions } from './list-executions.ts';

const maxTextLength = 2_000;

/** Checks what callers without types may get wrong, before it reaches rows. @throws a `FlowError` with code `option_invalid` */
export function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= maxTextLength && value.isWellFormed()) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be a text of 1 to ${maxTextLength} characters without halves of surrogate pairs, got ${describeValue(value)}`);
}

/** An id that is looked for, however long: what is there can be asked for. @throws a `FlowError` with code `option_invalid` */
export function requireId(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be a text without halves of surrogate pairs, got ${describeValue(value)}`);
}

export function requireObject<Value>(name: string, value: Value): Value & object {
  if (typeof value === 'object' && value !== null) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be an object, got ${describeValue(value)}`);
}

const statuses: readonly unknown[] = ['pending', 'stepping', 'consolidating', 'scored', 'failed'] satisfies ExecutionStatus[];

/** Checks what `list` is asked for. @throws a `FlowError` with code `option_invalid` */
export function requireFilter<Filter extends ListOptions>(filter: Filter): Filter {
  const { status, flowId, labels, parent, order, limit } = requireObject('options', filter);
  if (flowId !== undefined) requireText('flowId', flowId);
  if (parent !== undefined) requireId('parent', parent);
  if (labels !== undefined) requireLabels(labels);
  if (order !== undefined && order !== 'newest' && order !== 'oldest') {
    throw new FlowError('option_invalid', `Expected \`order\` to be newest or oldest, got ${describeValue(order)}`);
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && (limit as number) >= 1)) {
    throw new FlowError('option_invalid', `Expected \`limit\` to be an integer ≥ 1, got ${describeValue(limit)}`);
  }
  const unknown: unknown = Array.isArray(status) ? status.find(one => !statuses.includes(one)) : status;
  if (unknown !== undefined) {
    throw new FlowError('option_invalid', `Expected \`status\` to be a list of ${statuses.join(', ')}, got ${describeValue(unknown)}`);
  }
  return filter;
}

const maxLabels = 20;
const maxLabelLength = 200;

/** @throws a `FlowError` with code `option_invalid` */
export function requireLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(requireObject('labels', labels));
  const isShort = (text: unknown): boolean => typeof text === 'string' && text !== '' && text.length <= maxLabelLength && text.isWellFormed();
  const wrong = entries.find(([name, value]) => !isShort(name) || !isShort(value));
  if (wrong) throw new FlowError('option_invalid', `Expected names and values of \`labels\` to be texts of 1 to ${maxLabelLength} characters, got ${describeValue(wrong[0])}: ${describeValue(wrong[1])}`);
  if (entries.length > maxLabels) throw new FlowError('option_invalid', `Expected \`labels\` to be at most ${maxLabels}, got ${entries.length}`);
  return labels;
}
