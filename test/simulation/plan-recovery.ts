import type { FlowSource } from '../../src/definition/schema.ts';

type Step = FlowSource['steps'][number];

/** What chance decides. */
export interface Chance {
  readonly is: (chance: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
}

/** Whether a step may be recovered: one that does work and is not recovered yet. */
const doesWork = ({ uses }: Step): boolean => uses.startsWith('tool:');

/**
 * Gives some steps that do work something that recovers them, and puts the steps that stand in for others at the end.
 *
 * @param makeAlternative a step without `depends_on`, by its id
 */
export function addRecovery(steps: readonly Step[], { is, pick }: Chance, makeAlternative: (id: string) => Step): Step[] {
  const alternatives: Step[] = [];
  const recover = (step: Step): Step => {
    if (!doesWork(step) || !is(0.5)) return step;
    const hasItems = step.for_each !== undefined;
    const alternative = !hasItems && alternatives.length < 3 && is(0.5) ? `${step.id}-alt` : undefined;
    const chosen = {
      ...(is(0.5) && { retry: { maxAttempts: pick([1, 2]), initialInterval: pick(['200ms', '10s']), jitter: 'none' as const } }),
      ...(alternative !== undefined && { alternative }),
      // Always with an end: nothing waits for a person for ever.
      ...(!hasItems && is(0.4) && { ask: { timeout: pick(['20s', '5m']) } }),
    };
    if (alternative !== undefined) alternatives.push(recover(makeAlternative(alternative)));
    return Object.keys(chosen).length === 0 ? step : { ...step, recover: chosen };
  };
  return [...steps.map(recover), ...alternatives];
}
