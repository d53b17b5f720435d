import type { ExecutionRecord, StoredTree } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { restoreTree } from '../../kernel/restore-tree.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { giveInput, needsInput } from '../../kernel/tree.ts';
import { noItem } from '../../core/address.ts';
import { readStored, toRowKey } from '../../core/stored-value.ts';

/**
 * Reads an execution back into memory: its newest checkpoint and what came since, waiting signals, and the values its live steps go on with.
 *
 * @param stored what it is read back from, where that was read with others
 */
export async function loadTree(
  reader: RecordReader,
  machines: Machines,
  plan: FlowPlan,
  record: ExecutionRecord,
  maxInterruptions: number,
  stored?: StoredTree,
): Promise<{ header: ExecutionHeader; tree: FlowTree; rows: number }> {
  const { checkpoint, steps, signals, rows } = stored ?? ((await reader.readTrees([record.key]))[0] as StoredTree);
  const restored = restoreTree(machines, plan, record, steps, maxInterruptions, checkpoint);
  const { tree } = restored;
  const readInput = async (position: number, item: number): Promise<unknown> => {
    const text = await reader.getInput(record.key, position, item);
    return text === undefined ? undefined : readStored('inputs.input', toRowKey(record.key, position, item), text);
  };
  tree.signals = [...signals];
  for (const { number, payload } of tree.signals) readStored('signals.payload', `${record.key}/${number}`, payload);
  // What handlers were given is read when they begin again.
  for (const actor of tree.actors.values()) if (needsInput(actor)) giveInput(actor, await readInput(actor.step.position, noItem));
  return { ...restored, rows };
}
