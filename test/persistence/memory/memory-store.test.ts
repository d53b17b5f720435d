import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../persistence/memory/memory-store.ts';
import type { MemoryRecords } from '../../../src/open-records.ts';
import { createMemoryStore } from '../../../src/open-records.ts';
import { expectCode } from '../conformance/commit.ts';
import { completed, makeAttempt, makeBatch, makeExecution, makeStep, owner, scored, start } from '../conformance/fixtures.ts';

function fill(): MemoryRecords {
  const store = createMemoryStore();
  store.acquire(owner);
  store.commit(
    makeBatch({
      definitions: [{ digest: 'd', flowId: 'flow', version: '1', definition: '{}', createdAt: start }],
      executions: [makeExecution(1, { idempotencyKey: 'k', seq: 1 }), makeExecution(2, scored)],
      steps: [makeStep(1, 0), makeStep(1, 1, completed)],
      attempts: [makeAttempt(1, 1)],
      inputs: [{ executionKey: 1, position: 1, item: -1, input: '1' }],
      journal: [{ executionKey: 1, seq: 1, at: start, entries: '[["",{},"stepping"]]' }],
      signals: { received: [{ executionKey: 1, number: 1, name: 's', payload: 'null', receivedAt: start }], consumed: [] },
    }),
  );
  return store;
}

interface Handle {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  delete(name: string): void;
}

const write = (name: string, value: unknown) => (tx: { readonly handle: unknown }) => (tx.handle as Handle).set(name, value);

describe('the memory store', () => {
  it('comes back from its bytes with everything, and without an owner', () => {
    const store = fill();
    const bytes = store.toBytes();
    const again = createMemoryStore(MemoryStore.fromBytes(bytes));
    expect(again.toBytes()).toEqual(bytes);
    expect(again.getOwner()).toBeUndefined();
    expect(again.getExecution('execution-1')).toEqual(makeExecution(1, { idempotencyKey: 'k', seq: 1 }));
    expect(again.findByIdempotencyKey('k')?.key).toBe(1);
    expect(again.listInterrupted(0, 10).map(row => row.key)).toEqual([1]);
    expect(again.listSteps(1)).toEqual(store.listSteps(1));
    expect(again.acquire(owner)).toBe(2);
  });

  it('copies what is stored now: neither sees what the other stores later', async () => {
    const store = fill();
    const copy = store.copy();
    store.commit(makeBatch({ executions: [makeExecution(1, { ...scored })], steps: [makeStep(1, 0, completed)] }));
    copy.acquire(owner);
    expect(copy.listSteps(1)[0]).toEqual(makeStep(1, 0));
    copy.commit(makeBatch({ steps: [makeStep(1, 2)], signals: { received: [], consumed: [{ executionKey: 1, number: 1 }] } }));
    expect(store.listSteps(1)).toHaveLength(2);
    expect(store.listSignals(1)).toHaveLength(1);
    await expectCode(() => copy.commit(makeBatch({ steps: [makeStep(1, 1)] })), 'record_settled');
  });

  it('keeps what steps write with the commit, and undoes what they write without it', async () => {
    const store = fill();
    store.commitWith(attempt => {
      attempt(write('kept', { n: 1 }));
      expect(() =>
        attempt(tx => {
          (tx.handle as Handle).delete('kept');
          write('lost', 1)(tx);
          throw new Error('boom');
        }),
      ).toThrow('boom');
      return makeBatch({});
    });
    await expectCode(
      () =>
        store.commitWith(attempt => {
          attempt(write('kept', { n: 2 }));
          return makeBatch({ steps: [makeStep(1, 1)] });
        }),
      'record_settled',
    );
    const read = createMemoryStore(MemoryStore.fromBytes(store.toBytes()));
    read.acquire(owner);
    read.commitWith(attempt => {
      attempt(({ handle }) => {
        expect((handle as Handle).get('kept')).toEqual({ n: 1 });
        expect((handle as Handle).get('lost')).toBeUndefined();
      });
      return makeBatch({});
    });
  });
});
