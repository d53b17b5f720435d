import type { StepDefinition } from '../../definition/schema.ts';

/** Steps that stand in for others, by id: whom. */
export function mapAlternatives(steps: readonly StepDefinition[]): ReadonlyMap<string, string> {
  return new Map(steps.flatMap(({ id, recover }) => (recover?.alternative === undefined ? [] : [[recover.alternative, id] as const])));
}
