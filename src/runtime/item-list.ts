import type { StepFailure } from '../core/failure.ts';
import type { StepStatus } from '../../persistence/records.ts';
import type { PlannedStep } from '../definition/plan.ts';

/** An item of a `for_each` step that has ended. `output` is JSON text. */
export interface EndedItem {
  readonly status: StepStatus;
  readonly failure: StepFailure | null;
  readonly output: string | null;
}

/**
 * The output of a `for_each` step that completed, in the order of its list: each item's output as JSON text.
 *
 * An item that failed is left out (`on_item_failure: skip`), or stands at its place as `{ "failure": … }` (`collect`).
 */
export function toItemList({ onItemFailure }: Pick<PlannedStep, 'onItemFailure'>, items: readonly EndedItem[]): string[] {
  const list: string[] = [];
  for (const { status, failure, output } of items) {
    if (status === 'completed' || failure === null) list.push(output ?? 'null');
    else if (onItemFailure !== 'skip') list.push(onItemFailure === 'collect' ? JSON.stringify({ failure }) : 'null');
  }
  return list;
}
