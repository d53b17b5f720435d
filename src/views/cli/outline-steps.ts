import { readUses } from '../../definition/step-kinds.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { toAskSignal } from '../../definition/wait.ts';
import type { ExpectedDurations } from '../../kinds/flows/read-progress.ts';
import type { StepOutline } from '../execution-progress.ts';
import { mapAlternatives } from '../mermaid/alternatives.ts';

/** Tells views about the steps of a definition. */
export function outlineSteps({ steps }: FlowDefinition, expected?: ExpectedDurations): StepOutline[] {
  const positions = new Map(steps.map(({ id }, position) => [id, position]));
  const alternatives = mapAlternatives(steps);
  return steps.map(({ id, uses, retry, recover, critical, depends_on, with: given }) => {
    const original = positions.get(alternatives.get(id) ?? '');
    const name = recover?.ask ? (recover.ask.signal ?? toAskSignal(id)) : nameSignal(uses, given, id);
    return {
      stepId: id,
      uses,
      maxAttempts: (retry?.maxAttempts ?? 1) + (recover?.retry?.maxAttempts ?? 0),
      critical,
      dependsOn: original === undefined ? depends_on.flatMap(upstream => positions.get(upstream) ?? []) : [original],
      expected: expected?.get(id),
      ...(recover?.alternative !== undefined && { alternative: positions.get(recover.alternative) }),
      ...(name !== undefined && !name.includes('{%') && { signal: name }),
    };
  });
}

/** The signal that a person can send to a waiting step; a message comes from a queue. */
function nameSignal(uses: string, given: unknown, id: string): string | undefined {
  const kind = readUses(uses)?.kind;
  return kind?.message ? undefined : kind?.signal?.(given, id);
}

/** Steps nobody waits for but clean-ups: their outputs are what the flow is for. */
export function listLeafSteps({ steps }: FlowDefinition): ReadonlySet<string> {
  const upstream = new Set(steps.filter(({ run }) => run !== 'always').flatMap(({ depends_on }) => depends_on));
  const alternatives = mapAlternatives(steps);
  return new Set(steps.map(({ id }) => id).filter(id => !upstream.has(id) && !alternatives.has(id)));
}
