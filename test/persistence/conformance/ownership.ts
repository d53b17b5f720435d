import { describe, expect, it } from 'vitest';
import { catchError, expectCode } from './commit.ts';
import { makeBatch, makeExecution, owner, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const other = { pid: 4711, hostname: 'elsewhere', startedAt: start + 1, socket: null };

export function testOwnership(subject: Subject): void {
  describe('ownership', () => {
    it('has no owner until it is acquired, and none after it is closed', async () => {
      const { store } = subject.current;
      const second = subject.current.reopen();
      expect(await store.getOwner()).toBeUndefined();
      await store.acquire(owner);
      expect(await store.getOwner()).toEqual(owner);
      expect(await second.getOwner()).toEqual(owner);
      expect(await subject.current.read().getOwner()).toEqual(owner);
      store.close();
      expect(await second.getOwner()).toBeUndefined();
      second.close();
    });

    it('answers with the highest key in use', async () => {
      const { store } = subject.current;
      expect(await store.acquire(owner)).toBe(0);
      await store.commit(makeBatch({ executions: [makeExecution(3), makeExecution(41), makeExecution(7)] }));
      const second = subject.current.reopen();
      store.close();
      expect(await second.acquire(other)).toBe(41);
      second.close();
    });

    it('refuses a second owner and names the first', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const second = subject.current.reopen();
      const error = await catchError(() => second.acquire(other));
      expect(error).toMatchObject({ code: 'store_owned', details: { owner } });
      expect((error as Error).message).toContain(`process ${owner.pid} on host, since 2026-01-01T00:00:00.000Z`);
      await store.commit(makeBatch({ executions: [makeExecution(1)] }));
      expect(await second.getExecution('execution-1')).toEqual(makeExecution(1));
      second.close();
      expect(await store.getOwner()).toEqual(owner);
      await store.commit(makeBatch({ executions: [makeExecution(2)] }));
    });

    it('can be acquired again by its owner, under another name', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1)] }));
      expect(await store.acquire(owner)).toBe(1);
      const renamed = { ...owner, socket: '/tmp/other' };
      expect(await store.acquire(renamed)).toBe(1);
      expect(await store.getOwner()).toEqual(renamed);
      await store.commit(makeBatch({ executions: [makeExecution(2)] }));
    });

    it('keeps what was stored for the next owner', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1)] }));
      const second = subject.current.reopen();
      store.close();
      await second.acquire(other);
      await second.commit(makeBatch({ executions: [makeExecution(1, { context: '{"by":"second"}' })] }));
      expect((await second.getExecution('execution-1'))?.context).toBe('{"by":"second"}');
      second.close();
    });

    it('commits nothing before it is acquired', async () => {
      await expectCode(() => subject.current.store.commit(makeBatch({ executions: [makeExecution(1)] })), 'store_not_acquired');
      expect(await subject.current.store.listExecutions({})).toEqual([]);
    });

    it('answers nothing after it is closed, and may be closed twice', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      store.close();
      store.close();
      await expectCode(() => store.commit(makeBatch({})), 'store_closed');
      await expectCode(() => store.listExecutions({}), 'store_closed');
      await expectCode(() => store.getOwner(), 'store_closed');
      await expectCode(() => store.getSize(), 'store_closed');
      await expectCode(() => store.acquire(owner), 'store_closed');
    });
  });
}
