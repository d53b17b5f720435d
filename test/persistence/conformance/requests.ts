import { describe, expect, it } from 'vitest';
import { makeBatch, owner, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const request = (key: string, at: number, answer = 'true') => ({ key, answer, at });

export function testRequests(subject: Subject): void {
  describe('requests of clients', () => {
    it('are recognised as they were answered first, also after the store was opened again', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ requests: [request('cancel a', start), request('retry b', start, '2')] }));
      await store.commit(makeBatch({ requests: [request('cancel a', start + 1, 'false')] }));
      for (const reader of [store, subject.current.read()]) {
        expect(await reader.getRequest('cancel a')).toBe('true');
        expect(await reader.getRequest('retry b')).toBe('2');
        expect(await reader.getRequest('retry c')).toBeUndefined();
      }
    });

    it('are forgotten from the oldest on, so many at a time', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ requests: [request('a', start), request('b', start + 1), request('c', start + 2)] }));
      expect(await store.pruneRequests(start + 2, 1)).toBe(1);
      expect(await store.getRequest('a')).toBeUndefined();
      expect(await store.pruneRequests(start + 2, 10)).toBe(1);
      expect(await store.pruneRequests(start + 2, 10)).toBe(0);
      expect(await store.getRequest('c')).toBe('true');
    });
  });
}
