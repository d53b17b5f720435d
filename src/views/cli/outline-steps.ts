import type { FlowDefinition } from '../../definition/schema.ts';
import type { StepOutline } from '../execution-progress.ts';

/** Tells views about the steps of a definition. */
export function outlineSteps({ steps }: FlowDefinition): StepOutline[] {
  return steps.map(({ id, uses, retry, critical, with: given }) => {
    const name = uses === 'signal' && typeof given === 'object' && given !== null && 'name' in given ? given['name'] : undefined;
    return {
      stepId: id,
      uses,
      maxAttempts: retry?.maxAttempts ?? 1,
      critical,
      ...(typeof name === 'string' && !name.includes('{%') && { signal: name }),
    };
  });
}

/** Steps nobody waits for: their outputs are what the flow is for. */
export function listLeafSteps({ steps }: FlowDefinition): ReadonlySet<string> {
  const upstream = new Set(steps.flatMap(({ depends_on }) => depends_on));
  return new Set(steps.map(({ id }) => id).filter(id => !upstream.has(id)));
}
