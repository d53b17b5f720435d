import type { FanOutInput } from '../../machines/fan-out.ts';
import type { FlowMode, PlannedStep } from '../definition/plan.ts';

/** What the machine of a `for_each` step is created with. */
export function toFanOutInput(mode: FlowMode, { onItemFailure }: PlannedStep): FanOutInput {
  if (onItemFailure === 'skip' || onItemFailure === 'collect') return { failFast: false, tolerant: true };
  return { failFast: onItemFailure === 'fail' || mode !== 'lenient' };
}
