import { isDeepStrictEqual } from 'node:util';
import type { FlowDefinition, StepDefinition } from './schema.ts';

/** How two definitions of a flow differ. */
export interface DefinitionChanges {
  /** Keys of the flow itself. */
  readonly flow: readonly string[];
  /** Ids of steps that are new. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Steps with a key of theirs that differs. */
  readonly changed: readonly { readonly stepId: string; readonly keys: readonly string[]; /** Whether their result may differ, too. */ readonly affectsResult: boolean }[];
}

/**
 * Keys of a step that decide how long it may try, what its failure costs, or what people read: a completed step's result is the same
 * whatever they say. Any other key makes the result another one.
 */
const keysWithoutEffect: ReadonlySet<string> = new Set(['description', 'critical', 'weight', 'timeout', 'retry', 'concurrency', 'expected_duration', 'examples']);

/** Compares two definitions of a flow, step by step. */
export function compareDefinitions(before: FlowDefinition, after: FlowDefinition): DefinitionChanges {
  const old = new Map(before.steps.map(step => [step.id, step]));
  const ids = new Set(after.steps.map(step => step.id));
  const { steps: _before, ...flowBefore } = before;
  const { steps: _after, ...flowAfter } = after;
  return {
    flow: listDifferences(flowBefore, flowAfter),
    added: after.steps.filter(({ id }) => !old.has(id)).map(({ id }) => id),
    removed: before.steps.filter(({ id }) => !ids.has(id)).map(({ id }) => id),
    changed: after.steps.flatMap(step => {
      const former = old.get(step.id);
      const keys = former ? listDifferences(toComparable(former), toComparable(step)) : [];
      return keys.length === 0 ? [] : [{ stepId: step.id, keys, affectsResult: keys.some(key => !keysWithoutEffect.has(key)) }];
    }),
  };
}

/** Whether there is none. */
export function isUnchanged({ flow, added, removed, changed }: DefinitionChanges): boolean {
  return flow.length + added.length + removed.length + changed.length === 0;
}

/** Says what differs: `step "a" (with), step "b" (new), concurrency`. At most ten of them. */
export function describeChanges({ flow, added, removed, changed }: DefinitionChanges): string {
  const parts = [
    ...changed.map(({ stepId, keys }) => `step "${stepId}" (${keys.join(', ')})`),
    ...added.map(id => `step "${id}" (new)`),
    ...removed.map(id => `step "${id}" (gone)`),
    ...flow.map(key => `the flow's \`${key}\``),
  ];
  return parts.length > 10 ? `${parts.slice(0, 10).join(', ')} and ${parts.length - 10} more` : parts.join(', ');
}

/** In which order a step names those it waits for means nothing. */
function toComparable(step: StepDefinition): object {
  return { ...step, depends_on: step.depends_on.toSorted() };
}

function listDifferences(before: object, after: object): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const read = (from: object, key: string): unknown => (from as Record<string, unknown>)[key];
  return [...keys].filter(key => !isDeepStrictEqual(read(before, key), read(after, key))).toSorted();
}
