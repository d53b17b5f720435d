import { describe, expect, it } from 'vitest';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { createChanges } from '../../src/kernel/changes.ts';
import { deliver } from '../../src/kernel/deliver.ts';
import { readStepActorId, toStepActorId } from '../../src/kernel/actor-call.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import type { Message } from '../../src/kernel/messages.ts';
import { createTree, toStartEvent } from '../../src/kernel/tree.ts';
import { noItem } from '../../src/core/address.ts';

const plan = compileFlow(defineFlow({ id: 'order', steps: [{ id: 'review', uses: 'machine:approval' }] }));
const place = { executionId: 'x', generation: 2, stepId: 'review', item: noItem };

/** A flow in its second generation, as the kernel sees it. */
function begin() {
  const tree = createTree(compiledMachines, plan, 'x', 5, 2);
  const changes = createChanges();
  const tell = (message: Message): unknown[] => {
    deliver(compiledMachines, tree, message, 1_000, changes);
    return changes.machineCalls.splice(0);
  };
  tell({ to: 'flow', event: toStartEvent(tree) });
  return { tree, changes, tell, prepare: () => tell({ to: 'prepared', position: 0, item: noItem, prepared: { type: 'start' } }) };
}
const signal = (name: string, number = 1) => ({ executionKey: 1, number, name, payload: 'null', receivedAt: 0 });

describe('what a flow says to the machines of its steps', () => {
  it('is that the step waits, and which signals came before, also in the same tick', () => {
    const { tree, changes, tell, prepare } = begin();
    expect(tell({ to: 'signal', signal: signal('approve') })).toEqual([]);
    expect(prepare()).toEqual([
      { type: 'begin', place, machineId: 'approval', input: {} },
      { type: 'signal', executionId: 'x', signal: signal('approve'), offers: [{ place, type: 'approve' }] },
    ]);
    // On offer it is nobody else's; what comes back is kept, under a number of its own.
    expect(tree.signals).toEqual([]);
    tell({ to: 'signal', signal: signal('approve'), refused: 'now' });
    expect(tree.signals).toEqual([signal('approve', 2)]);
    expect(changes.consumed).toEqual([1]);
    expect(tell({ to: 'offer' })).toMatchObject([{ type: 'signal', signal: { number: 2 } }]);
  });

  it('is that it waits no longer, once', () => {
    const { tree, tell, prepare } = begin();
    prepare();
    expect(tell({ to: 'machine', place, event: { type: 'child.settled' }, output: '5' })).toEqual([{ type: 'end', place }]);
    expect(tree.settled).toEqual(['completed']);
    expect(tell({ to: 'machine', place, event: { type: 'child.settled' }, output: '6' })).toEqual([]);
  });

  it('is nothing about the machine of an earlier generation', () => {
    const { tree, tell, prepare } = begin();
    prepare();
    expect(tell({ to: 'machine', place: { ...place, generation: 1 }, event: { type: 'child.settled' } })).toEqual([]);
    expect(tree.settled).toEqual([null]);
  });
});

describe('the id of a step\'s actor', () => {
  it.each([
    [{ executionId: 'x', generation: 1, stepId: 'review', item: -1 }, 'flow:x.review'],
    [{ executionId: 'x.child.3~2', generation: 12, stepId: '_r-1', item: 40 }, 'flow:x.child.3~2._r-1.40~12'],
    [{ executionId: 'x.a', generation: 2, stepId: 'b', item: -1 }, 'flow:x.a.b~2'],
  ])('is read as it was written: %j', (one, id) => {
    expect(toStepActorId(one)).toBe(id);
    expect(readStepActorId(id)).toEqual(one);
  });

  it('is nobody else\'s', () => {
    for (const id of ['order-17', 'flow:', 'flow:x', 'order.flow:x.y']) expect(readStepActorId(id)).toBeUndefined();
  });
});
