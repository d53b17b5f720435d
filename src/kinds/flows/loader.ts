import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { StoreReader } from '../../../persistence/store.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { restoreTree } from '../../kernel/rows.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { isFanOut } from '../../kernel/tree.ts';
import { noItem } from '../../core/address.ts';
import { readStored, toRowKey } from '../../core/stored-value.ts';

/** Reads an execution back into memory: rows, waiting signals, and the values its live steps go on with. */
export async function loadTree(
  reader: StoreReader,
  machines: Machines,
  plan: FlowPlan,
  record: ExecutionRecord,
  maxInterruptions: number,
): Promise<{ header: ExecutionHeader; tree: FlowTree }> {
  const restored = restoreTree(machines, plan, record, await reader.listSteps(record.key), maxInterruptions);
  const { tree } = restored;
  const readInput = async (position: number, item: number): Promise<unknown> => {
    const text = await reader.getInput(record.key, position, item);
    return text === undefined ? undefined : readStored('inputs.input', toRowKey(record.key, position, item), text);
  };
  tree.signals = await reader.listSignals(record.key);
  for (const { number, payload } of tree.signals) readStored('signals.payload', `${record.key}/${number}`, payload);
  for (const [position, actor] of tree.actors) {
    if (isFanOut(actor)) {
      actor.list = ((await readInput(position, noItem)) as unknown[] | undefined) ?? [];
      if (!actor.step.with) for (const item of actor.items.values()) item.input = actor.list[item.item];
    } else if (actor.step.kind === 'signal' && actor.step.with && !actor.step.with.constant) {
      actor.input = await readInput(position, noItem);
    }
  }
  return restored;
}
