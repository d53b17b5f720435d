import { expect } from 'vitest';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { compileStored } from '../../src/definition/compile-stored.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import { restoreTree } from '../../src/kernel/restore-tree.ts';
import type { FlowTree } from '../../src/kernel/tree.ts';
import { isFanOut } from '../../src/kernel/tree.ts';

/** A tree as plain values: what is in it, whatever order it came in. */
function toPlain({ plan: _plan, queue, actors, postponed: _postponed, ...tree }: FlowTree): unknown {
  const ready: (number | undefined)[] = [];
  while (queue.size > 0) ready.push(queue.pop());
  const alive = [...actors].toSorted(([a], [b]) => a - b).map(([position, actor]) => {
    const { step: _step, ...rest } = actor;
    if (!isFanOut(actor)) return [position, rest];
    const items = [...actor.items].toSorted(([a], [b]) => a - b).map(([place, { step: _own, ...item }]) => [place, item]);
    return [position, { ...rest, items, settledItems: [...actor.settledItems], resting: [...actor.resting].toSorted((a, b) => a - b) }];
  });
  return { ...tree, unmet: [...tree.unmet], tally: { ...tree.tally, excluded: [...tree.tally.excluded].toSorted((a, b) => a - b) }, ready, alive };
}

/** What is read back from the newest checkpoint is what all rows of the journal say. Returns whether there is one. */
export async function expectSameTree(reader: RecordReader, execution: ExecutionRecord): Promise<boolean> {
  const definition = await reader.getDefinition(execution.digest);
  const [stored] = await reader.readTrees([execution.key]);
  if (!definition || !stored) throw new Error(`Expected ${execution.executionId} and its definition to be stored`);
  const plan = compileStored(definition);
  const restore = (...args: readonly [Parameters<typeof restoreTree>[3], Parameters<typeof restoreTree>[5]?]): unknown =>
    toPlain(restoreTree(compiledMachines, plan, execution, args[0], 5, args[1]).tree);
  expect(restore(stored.steps, stored.checkpoint)).toEqual(restore(await reader.listSteps(execution.key)));
  return stored.checkpoint !== undefined;
}
