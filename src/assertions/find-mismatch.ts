import { isFlowError } from '../core/errors.ts';
import { checkBySchema } from '../definition/check-by-schema.ts';

/**
 * Says why a value does not fit a JSON Schema (2020-12); undefined when it does.
 *
 * @param timeLimitMs most CPU the check may take, ms
 */
export async function findMismatch(schema: unknown, value: unknown, timeLimitMs: number): Promise<{ readonly reason: string } | { readonly unusable: string } | undefined> {
  try {
    const problems = await checkBySchema(schema as object | boolean, value, timeLimitMs);
    if (problems.length === 0) return undefined;
    const [first, ...others] = problems.map(({ message }) => message.replaceAll('`input', '`value'));
    return { reason: `${first ?? 'It does not fit its schema'}${others.length > 0 ? `, and ${others.length} more` : ''}` };
  } catch (error) {
    if (isFlowError(error)) return { unusable: error.message };
    throw error;
  }
}
