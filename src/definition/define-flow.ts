import { createPlan } from './compile-flow.ts';
import { examine, locateByPath } from './examine.ts';
import { toDefinitionError } from './problem.ts';
import type { FlowDefinition, FlowSource } from './schema.ts';

/**
 * Declares a flow in TypeScript; the same format and checks as in YAML.
 *
 * Gives it back with defaults filled in, durations in ms, frozen.
 *
 * @example
 * ```ts
 * const greet = defineFlow({
 *   id: 'greet',
 *   steps: [{ id: 'hello', uses: 'tool:greet', with: { name: '{% input.name %}' } }],
 * });
 * ```
 * @throws a `FlowError` with code `definition_invalid`; `details.problems` lists everything that is wrong
 */
export function defineFlow(source: FlowSource): FlowDefinition {
  const examined = examine(source, locateByPath);
  if ('problems' in examined) {
    const id: unknown = typeof source === 'object' && source !== null ? source.id : undefined;
    throw toDefinitionError(examined.problems, typeof id === 'string' ? `flow \`${id}\`` : 'the definition');
  }
  return createPlan(examined).definition;
}
