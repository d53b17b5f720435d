import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { restoreTree } from '../../kernel/rows.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { giveInput, needsInput } from '../../kernel/tree.ts';
import { noItem } from '../../core/address.ts';
import { readStored, toRowKey } from '../../core/stored-value.ts';

/** Reads an execution back into memory: rows, waiting signals, and the values its live steps go on with. */
export async function loadTree(
  reader: RecordReader,
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
  // What handlers were given is read when they begin again.
  for (const actor of tree.actors.values()) if (needsInput(actor)) giveInput(actor, await readInput(actor.step.position, noItem));
  return restored;
}
