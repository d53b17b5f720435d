import { FlowError } from '../../core/errors.ts';

/**
 * Reads `name=value`.
 *
 * @throws a `FlowError` with code `usage_invalid`
 */
export function readLabel(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf('=');
  if (at >= 1 && at < text.length - 1) return { name: text.slice(0, at), value: text.slice(at + 1) };
  throw new FlowError('usage_invalid', `Expected --label to be \`name=value\`, got \`${text}\``);
}
