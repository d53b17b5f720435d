import { describe, expect, it } from 'vitest';
import type { ActorReader, ActorRecord, ActorWrites } from '../../../persistence/actor-store.ts';
import { makeBatch, owner, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const actor = (actorId: string, more: Partial<ActorRecord> = {}): ActorRecord => ({
  actorId, machineId: 'light', machineVersion: '1', machineDigest: 'd', status: 'active', wakeAt: null, tree: '{}', seq: 1, createdAt: start, settledAt: null, ...more,
});
const entries = (actorId: string, seq: number) => ({ actorId, seq, at: start, entries: `[[${seq},"${actorId}",{"type":"go"}]]` });

export function testActors(subject: Subject): void {
  const begin = async (actors: ActorWrites): Promise<ActorReader> => {
    const { store } = subject.current;
    await store.acquire(owner);
    await store.commit(makeBatch({ actors }));
    return store.actors as ActorReader;
  };
  const commit = async (actors: ActorWrites): Promise<void> => subject.current.store.commit(makeBatch({ actors }));

  describe('actors', () => {
    it('keep their latest state, and when they were made', async () => {
      await begin({ put: [actor('a'), actor('b', { wakeAt: 0 })] });
      await commit({ put: [actor('a', { tree: '{"n":2}', seq: 2, wakeAt: start + 5, createdAt: start + 9 })] });
      for (const reader of [subject.current.store, subject.current.read()]) {
        expect(await reader.actors?.getActor('a')).toEqual(actor('a', { tree: '{"n":2}', seq: 2, wakeAt: start + 5 }));
        expect(await reader.actors?.getActor('x')).toBeUndefined();
      }
    });

    it('are never replaced once they have settled', async () => {
      const actors = await begin({ put: [actor('a', { status: 'done', settledAt: start + 1 })] });
      await expect(async () => commit({ put: [actor('a')] })).rejects.toMatchObject({ code: 'record_settled' });
      expect(await actors.getActor('a')).toMatchObject({ status: 'done' });
    });

    it('move on without a word about the rest, unless they are not there or have settled', async () => {
      const actors = await begin({ put: [actor('a', { wakeAt: start }), actor('b', { status: 'done', settledAt: start })] });
      await commit({ progress: [{ actorId: 'a', tree: '{"n":2}', seq: 7 }] });
      expect(await actors.getActor('a')).toEqual(actor('a', { wakeAt: start, tree: '{"n":2}', seq: 7 }));
      for (const actorId of ['b', 'x']) {
        await expect(async () => commit({ progress: [{ actorId: 'a', tree: '{}', seq: 8 }, { actorId, tree: '{}', seq: 8 }] })).rejects.toMatchObject({ code: 'record_settled' });
      }
      expect(await actors.getActor('a')).toMatchObject({ seq: 7 });
    });

    it('keep the structure of a machine under its digest, as it was first', async () => {
      const machine = { machineDigest: 'd1', machineId: 'light', machineVersion: '1', structure: '{"states":[]}' };
      const actors = await begin({ put: [actor('a')], machines: [machine] });
      await commit({ machines: [{ ...machine, structure: '{}' }, { ...machine, machineDigest: 'd2', machineVersion: '' }] });
      for (const reader of [actors, subject.current.read().actors]) {
        expect(await reader?.getActorMachine('d1')).toEqual(machine);
        expect(await reader?.getActorMachine('d2')).toMatchObject({ machineVersion: '' });
        expect(await reader?.getActorMachine('d3')).toBeUndefined();
      }
    });

    it('have settled exactly when they are not active', async () => {
      await begin({ put: [] });
      await expect(async () => commit({ put: [actor('a', { status: 'done' })] })).rejects.toThrow();
      await expect(async () => commit({ put: [actor('a', { settledAt: start })] })).rejects.toThrow();
    });

    it('are listed by id, by status and by machine, page by page', async () => {
      const actors = await begin({ put: [actor('c'), actor('a'), actor('b', { machineId: 'door' }), actor('d', { status: 'error', settledAt: start })] });
      const list = async (params: Parameters<ActorReader['listActors']>[0]): Promise<string> => (await actors.listActors(params)).map(({ actorId }) => actorId).join('');
      expect(await list({ limit: 10 })).toBe('abcd');
      expect(await list({ limit: 2 })).toBe('ab');
      expect(await list({ limit: 2, after: 'b' })).toBe('cd');
      expect(await list({ limit: 10, status: 'active', machineId: 'light' })).toBe('ac');
    });

    it('say which of them are due, the earliest first, and when the next one is', async () => {
      const actors = await begin({ put: [actor('a', { wakeAt: start + 20 }), actor('b', { wakeAt: start + 10 }), actor('c', { wakeAt: 0 }), actor('d'), actor('e', { wakeAt: start + 30 })] });
      expect(await actors.listDueActors({ wakeAt: 1, actorId: '' }, start + 20, 10)).toEqual([{ actorId: 'b', wakeAt: start + 10 }, { actorId: 'a', wakeAt: start + 20 }]);
      expect(await actors.listDueActors({ wakeAt: 0, actorId: '' }, 0, 10)).toEqual([{ actorId: 'c', wakeAt: 0 }]);
      expect(await actors.listDueActors({ wakeAt: 0, actorId: '' }, start + 30, 1)).toHaveLength(1);
      expect(await actors.nextActorWakeAt(0)).toBe(start + 10);
      expect(await actors.nextActorWakeAt(start + 20)).toBe(start + 30);
      expect(await actors.nextActorWakeAt(start + 30)).toBeUndefined();
    });

    it('that are due at the same time are listed page by page', async () => {
      const actors = await begin({ put: ['c', 'a', 'b'].map(id => actor(id, { wakeAt: start })) });
      expect(await actors.listDueActors({ wakeAt: start, actorId: 'a' }, start, 10)).toEqual([{ actorId: 'b', wakeAt: start }, { actorId: 'c', wakeAt: start }]);
      expect(await actors.listDueActors({ wakeAt: start, actorId: 'c' }, start, 10)).toEqual([]);
    });

    it('have parts of their own, replaced and removed by name', async () => {
      const part = (actorId: string, name: string, body = '{}') => ({ actorId, part: name, body });
      const actors = await begin({ put: [actor('a'), actor('b')], parts: [part('a', 'x:2'), part('a', 't:1'), part('a', 't:2'), part('b', 'x:2')] });
      await commit({ parts: [part('a', 'x:2', '{"n":1}')], removedParts: [{ actorId: 'a', part: 't:1' }, { actorId: 'a', part: 't:9' }] });
      for (const reader of [actors, subject.current.read().actors as ActorReader]) {
        expect(await reader.listActorParts('a', '', 10)).toEqual([part('a', 't:2'), part('a', 'x:2', '{"n":1}')]);
        expect(await reader.listActorParts('a', 't:2', 10)).toEqual([part('a', 'x:2', '{"n":1}')]);
        expect(await reader.listActorParts('a', '', 1)).toHaveLength(1);
      }
      await commit({ removed: ['a'] });
      expect(await actors.listActorParts('a', '', 10)).toEqual([]);
      expect(await actors.listActorParts('b', '', 10)).toHaveLength(1);
    });

    it('keep their parts as they were when a commit fails', async () => {
      const actors = await begin({ put: [actor('a')], parts: [{ actorId: 'a', part: 'x:2', body: '1' }], journal: [entries('a', 1)] });
      await expect(async () => commit({ parts: [{ actorId: 'a', part: 'x:2', body: '2' }, { actorId: 'a', part: 'x:3', body: '3' }], journal: [entries('a', 1)] })).rejects.toThrow();
      expect(await actors.listActorParts('a', '', 10)).toEqual([{ actorId: 'a', part: 'x:2', body: '1' }]);
    });

    it('have a journal, written once, in order', async () => {
      const actors = await begin({ put: [actor('a')], journal: [entries('a', 1), entries('b', 1)] });
      await commit({ journal: [entries('a', 3)] });
      expect(await actors.readActorJournal('a', 0, 10)).toEqual([entries('a', 1), entries('a', 3)]);
      expect(await actors.readActorJournal('a', 1, 10)).toEqual([entries('a', 3)]);
      expect(await actors.readActorJournal('a', 0, 1)).toHaveLength(1);
      await expect(async () => commit({ put: [actor('z')], journal: [entries('a', 3)] })).rejects.toThrow();
      expect(await actors.getActor('z')).toBeUndefined();
    });

    it('go with their journals', async () => {
      const actors = await begin({ put: [actor('a', { status: 'stopped', settledAt: start }), actor('b', { status: 'done', settledAt: start + 5 })], journal: [entries('a', 1)] });
      expect(await actors.listSettledActors(start + 5, 10)).toEqual(['a']);
      await commit({ removed: ['a'] });
      expect(await actors.getActor('a')).toBeUndefined();
      expect(await actors.readActorJournal('a', 0, 10)).toEqual([]);
      expect(await actors.listSettledActors(start + 6, 10)).toEqual(['b']);
    });

    it('lose the entries of their journals that are old, the first written first, also in what another process opens', async () => {
      const at = (actorId: string, seq: number, time: number) => ({ ...entries(actorId, seq), at: start + time });
      const actors = await begin({ put: [actor('a'), actor('b')], journal: [at('a', 1, 0), at('b', 1, 1), at('a', 2, 2), at('b', 4, 3)] });
      const { store } = subject.current;
      expect(await store.pruneJournal(start + 3, 2)).toBe(2);
      expect(await actors.readActorJournal('a', 0, 10)).toEqual([at('a', 2, 2)]);
      expect(await actors.readActorJournal('b', 0, 10)).toEqual([at('b', 4, 3)]);
      expect(await store.pruneJournal(start + 3, 2)).toBe(1);
      expect(await store.pruneJournal(start + 3, 2)).toBe(0);
      await commit({ journal: [at('a', 3, 4)] });
      expect(await subject.current.read().actors?.readActorJournal('a', 0, 10)).toEqual([at('a', 3, 4)]);
      expect(await actors.getActor('a')).toEqual(actor('a'));
    });

    it('can be there again under an id that is free', async () => {
      const actors = await begin({ put: [actor('a', { status: 'done', settledAt: start, })], journal: [entries('a', 1)] });
      await commit({ removed: ['a'] });
      await subject.current.store.compact();
      await commit({ put: [actor('a', { createdAt: start + 9 })], journal: [entries('a', 1)] });
      expect(await actors.getActor('a')).toEqual(actor('a', { createdAt: start + 9 }));
    });
  });
}
