import { createPlan } from './compile-flow.ts';
import { examine, locateByPath } from './examine.ts';
import { toDefinitionError } from './problem.ts';
import type { FlowParts } from './flow-parts.ts';
import type { FlowSource } from './schema.ts';
import type { FactsOf, FlowOf, TypedSource } from './typed-flow.ts';
import type { Known, List, Looking } from './typed-steps.ts';

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
export function defineFlow<
  const Id extends string, const Input, const Mode extends FlowSource['mode'],
  const Ids extends List, const Uses extends List, const DependsOn extends List, const When extends List, const ForEach extends List,
  const With extends List, const Items extends List, const Critical extends List, const Policies extends List,
  const Alternatives extends List, const Asks extends List, const Targets extends List, const Always extends List, const Conditions extends List,
  const Parts extends FlowParts = {}, const Texts extends List = List, State extends Looking = Known,
>(
  source: TypedSource<Id, Input, Mode, FactsOf<Parts, Input, Mode, Ids, Uses, DependsOn, When, ForEach, With, Items, Critical, Policies, Alternatives, Asks, Targets, Always, Conditions>, State, Texts, Ids, Uses, DependsOn, When, ForEach, With, Items, Critical, Policies, Alternatives, Asks, Targets, Always, Conditions>,
  parts?: Parts,
): FlowOf<Id, Input, Parts, FactsOf<Parts, Input, Mode, Ids, Uses, DependsOn, When, ForEach, With, Items, Critical, Policies, Alternatives, Asks, Targets, Always, Conditions>> {
  const examined = examine(source, locateByPath);
  if ('problems' in examined) {
    const id: unknown = typeof source === 'object' && source !== null ? source.id : undefined;
    throw toDefinitionError(examined.problems, typeof id === 'string' ? `flow \`${id}\`` : 'the definition');
  }
  return createPlan(examined, parts?.signals).definition as never;
}
