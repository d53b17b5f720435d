import { describe, expect, it } from 'vitest';
import { makeBatch, owner, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const makeSignal = (executionKey: number, number: number, name = 'approve') => ({ executionKey, number, name, payload: `{"n":${number}}`, receivedAt: start });

export function testSignals(subject: Subject): void {
  describe('signals', () => {
    it('keeps signals until they are consumed, the oldest first', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ signals: { received: [makeSignal(1, 10), makeSignal(1, 2), makeSignal(1, 3, 'other'), makeSignal(2, 1)], consumed: [] } }));
      expect((await store.listSignals(1)).map(row => row.number)).toEqual([2, 3, 10]);
      await store.commit(makeBatch({ signals: { received: [makeSignal(1, 11)], consumed: [{ executionKey: 1, number: 3 }] } }));
      expect(await store.listSignals(1)).toEqual([makeSignal(1, 2), makeSignal(1, 10), makeSignal(1, 11)]);
      expect(await store.listSignals(2)).toEqual([makeSignal(2, 1)]);
    });

    it('takes a signal that is received and consumed in one batch, and one consumed twice', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ signals: { received: [makeSignal(1, 1)], consumed: [{ executionKey: 1, number: 1 }] } }));
      await store.commit(makeBatch({ signals: { received: [], consumed: [{ executionKey: 1, number: 1 }, { executionKey: 7, number: 1 }] } }));
      expect(await store.listSignals(1)).toEqual([]);
    });
  });
}
