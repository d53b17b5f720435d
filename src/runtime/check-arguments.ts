import { FlowError } from '../core/errors.ts';
import { describeValue } from '../core/wording.ts';

const maxTextLength = 2_000;

/** Checks what callers without types may get wrong, before it reaches rows. @throws a `FlowError` with code `option_invalid` */
export function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= maxTextLength && value.isWellFormed()) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be a text of 1 to ${maxTextLength} characters without halves of surrogate pairs, got ${describeValue(value)}`);
}

export function requireObject<Value>(name: string, value: Value): Value & object {
  if (typeof value === 'object' && value !== null) return value;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be an object, got ${describeValue(value)}`);
}

/** @throws a `FlowError` with code `option_invalid` */
export function requireLimit(value: unknown): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 1)) return;
  throw new FlowError('option_invalid', `Expected \`limit\` to be an integer ≥ 1, got ${describeValue(value)}`);
}
