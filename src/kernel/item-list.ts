import type { StepFailure } from '../core/failure.ts';
import type { StepStatus } from '../../persistence/records.ts';
import { readStored, toRowKey } from '../core/stored-value.ts';
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

/** An item with the row that its output is in. */
export interface StoredItem extends EndedItem {
  readonly executionKey: number;
  readonly position: number;
  readonly item: number;
}

/** As `toItemList`, as values. @throws a `FlowError` with code `store_damaged` when one of them is no JSON */
export function readItemList(step: Pick<PlannedStep, 'onItemFailure'>, items: readonly StoredItem[]): unknown[] {
  try {
    return toItemList(step, items).map(text => JSON.parse(text) as unknown);
  } catch (error) {
    for (const { executionKey, position, item, output } of items) if (output !== null) readStored('attempts.output', toRowKey(executionKey, position, item), output);
    throw error;
  }
}
