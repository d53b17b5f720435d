import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ArtifactReader, ArtifactRecord, ArtifactWrites } from '../../../persistence/artifact-store.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { expectCode } from './commit.ts';
import { makeBatch, makeExecution, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function makeArtifact(name: string, parts: Partial<ArtifactRecord> = {}): ArtifactRecord {
  return {
    executionKey: 1, executionId: 'execution-1', name, version: 1, position: 0, item: -1, stepId: 'step-0', attempt: 1, run: 1, kind: 'text',
    contentType: 'text/plain; charset=utf-8', file: name, size: 3, sha256: createHash('sha256').update(name).digest('hex'), content: 1, pieces: 1,
    createdAt: start, ...parts,
  };
}

export const makeWrites = (parts: Partial<ArtifactWrites>): ArtifactWrites => ({ stored: [], pieces: [], adopted: [], removed: [], discarded: [], folders: [], ...parts });

const open = (reader: RecordReader): ArtifactReader => reader.artifacts as ArtifactReader;

export function testArtifacts(subject: Subject): void {
  const commit = async (parts: Partial<ArtifactWrites>): Promise<void> => subject.current.store.commit(makeBatch({ artifacts: makeWrites(parts) }));
  const begin = async (): Promise<ArtifactReader> => {
    const { store } = subject.current;
    await store.acquire(owner);
    await store.commit(makeBatch({ executions: [makeExecution(1)] }));
    return open(store);
  };
  const names = async (params: Parameters<ArtifactReader['list']>[0]): Promise<string[]> =>
    (await open(subject.current.store).list(params)).map(({ name, version }) => `${name}@${version}`);

  describe('artifacts', () => {
    it('keeps an artifact and its content as they are', async () => {
      await begin();
      const row = makeArtifact('plan/a.md', { item: 3, file: null, size: 5, pieces: 2, attempt: 2, run: 4, kind: 'binary', contentType: 'x/y' });
      const pieces = [Uint8Array.of(0, 255, 10), Uint8Array.of(7, 0)].map((bytes, number) => ({ executionKey: 1, content: 1, number, bytes }));
      await commit({ stored: [row], pieces });
      for (const reader of [subject.current.store, subject.current.read()]) {
        const artifacts = open(reader);
        expect(await artifacts.list({ executionId: 'execution-1' })).toEqual([row]);
        expect(await artifacts.get({ executionId: 'execution-1', name: 'plan/a.md' })).toEqual(row);
        for (const { number, bytes } of pieces) expect(await artifacts.readPiece(1, 1, number)).toEqual(bytes);
        expect(await artifacts.readPiece(1, 1, 2)).toBeUndefined();
        expect(await artifacts.count('execution-1')).toEqual({ count: 1, bytes: 5 });
      }
    });

    it('gives the newest version unless another is asked for', async () => {
      const artifacts = await begin();
      await commit({ stored: [1, 2, 10].map(version => makeArtifact('a', { version, content: version, size: version })) });
      expect((await artifacts.get({ executionId: 'execution-1', name: 'a' }))?.version).toBe(10);
      expect((await artifacts.get({ executionId: 'execution-1', name: 'a', version: 2 }))?.size).toBe(2);
      expect(await artifacts.get({ executionId: 'execution-1', name: 'a', version: 3 })).toBeUndefined();
      expect(await artifacts.get({ executionId: 'execution-2', name: 'a' })).toBeUndefined();
      expect(await names({ executionId: 'execution-1' })).toEqual(['a@10']);
      expect(await names({ executionId: 'execution-1', versions: 'all' })).toEqual(['a@1', 'a@2', 'a@10']);
      expect(await artifacts.count('execution-1')).toEqual({ count: 1, bytes: 10 });
    });

    it('tells what stood in a generation: what it and those before it made', async () => {
      const artifacts = await begin();
      const row = (name: string, executionKey: number, version: number): ArtifactRecord => makeArtifact(name, { executionKey, version, content: version, size: version });
      await commit({ stored: [row('a', 1, 1), row('b', 1, 1), row('a', 2, 2), row('a', 3, 3), row('c', 3, 1), row('a', 3, 4)] });
      const executionId = 'execution-1';
      expect(await names({ executionId, upToKey: 1 })).toEqual(['a@1', 'b@1']);
      expect(await names({ executionId, upToKey: 2 })).toEqual(['a@2', 'b@1']);
      expect(await names({ executionId, upToKey: 2, versions: 'all' })).toEqual(['a@1', 'a@2', 'b@1']);
      expect(await names({ executionId, upToKey: 2, after: { name: 'a', version: 2 } })).toEqual(['b@1']);
      expect(await names({ executionId, upToKey: 3 })).toEqual(['a@4', 'b@1', 'c@1']);
      expect(await artifacts.count(executionId, 2)).toEqual({ count: 2, bytes: 3 });
      expect(await artifacts.count(executionId, 3)).toEqual({ count: 3, bytes: 6 });
      expect(await artifacts.count(executionId, 0)).toEqual({ count: 0, bytes: 0 });
    });

    it('lists by name, page by page, of one execution only', async () => {
      const artifacts = await begin();
      await commit({ stored: ['b', 'a', 'C', 'é', 'ab'].map((name, index) => makeArtifact(name, { content: index + 1 })) });
      await commit({ stored: [makeArtifact('a', { version: 2, content: 9 }), makeArtifact('z', { executionId: 'execution-2', executionKey: 2 })] });
      expect(await names({ executionId: 'execution-1' })).toEqual(['C@1', 'a@2', 'ab@1', 'b@1', 'é@1']);
      expect(await names({ executionId: 'execution-1', limit: 2 })).toEqual(['C@1', 'a@2']);
      expect(await names({ executionId: 'execution-1', limit: 2, after: { name: 'a', version: 2 } })).toEqual(['ab@1', 'b@1']);
      expect(await names({ executionId: 'execution-1', versions: 'all', after: { name: 'a', version: 1 }, limit: 1 })).toEqual(['a@2']);
      expect(await names({ executionId: 'execution-1', name: 'a', versions: 'all' })).toEqual(['a@1', 'a@2']);
      expect(await artifacts.list({ executionId: 'execution-3' })).toEqual([]);
      expect(await artifacts.count('execution-3')).toEqual({ count: 0, bytes: 0 });
    });

    it('refuses a version and a piece that are there already', async () => {
      await begin();
      await commit({ stored: [makeArtifact('a')], pieces: [{ executionKey: 1, content: 1, number: 0, bytes: toBytes('one') }] });
      await expectCode(() => commit({ stored: [makeArtifact('b', { content: 2 }), makeArtifact('a', { content: 2 })] }), 'commit_failed');
      await expectCode(() => commit({ pieces: [{ executionKey: 1, content: 1, number: 0, bytes: toBytes('two') }] }), 'commit_failed');
      expect(await names({ executionId: 'execution-1' })).toEqual(['a@1']);
      expect(await open(subject.current.store).readPiece(1, 1, 0)).toEqual(toBytes('one'));
    });

    it('keeps pieces that belong to no artifact yet, and forgets them on request', async () => {
      const artifacts = await begin();
      for (const number of [0, 1]) await commit({ pieces: [{ executionKey: 1, content: 3, number, bytes: toBytes('x') }] });
      await commit({ pieces: [{ executionKey: 1, content: 7, number: 0, bytes: toBytes('y') }] });
      expect(await artifacts.listContents(1)).toEqual([3, 7]);
      expect(await names({ executionId: 'execution-1', versions: 'all' })).toEqual([]);
      await commit({ discarded: [{ executionKey: 1, content: 3 }] });
      expect(await artifacts.listContents(1)).toEqual([7]);
      expect(await artifacts.readPiece(1, 3, 1)).toBeUndefined();
    });

    it('notes the run that made a version again, and removes one with its content', async () => {
      const artifacts = await begin();
      const pieces = [1, 2].map(content => ({ executionKey: 1, content, number: 0, bytes: toBytes('x') }));
      await commit({ stored: [makeArtifact('a'), makeArtifact('b', { content: 2 })], pieces });
      await commit({ adopted: [{ executionId: 'execution-1', name: 'a', version: 1, run: 2 }], removed: [{ executionId: 'execution-1', name: 'b', version: 1, executionKey: 1, content: 2 }] });
      expect(await artifacts.list({ executionId: 'execution-1' })).toEqual([makeArtifact('a', { run: 2 })]);
      expect(await artifacts.listContents(1)).toEqual([1]);
    });

    it('remembers where files are written', async () => {
      const artifacts = await begin();
      expect(await artifacts.getFolder('execution-1')).toBeUndefined();
      for (const folder of ['/a', '/b']) await commit({ folders: [{ executionId: 'execution-1', executionKey: 1, folder }] });
      expect(await artifacts.getFolder('execution-1')).toBe('/b');
    });

    it('stores nothing of a commit that fails', async () => {
      const { store } = subject.current;
      const artifacts = await begin();
      await store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
      const writes = makeWrites({ stored: [makeArtifact('a')], pieces: [{ executionKey: 1, content: 1, number: 0, bytes: toBytes('x') }], folders: [{ executionId: 'execution-1', executionKey: 1, folder: '/a' }] });
      await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(1)], artifacts: writes })), 'record_settled');
      await expectCode(() => store.commit(makeBatch({ artifacts: { ...writes, stored: [makeArtifact('a'), makeArtifact('a')] } })), 'commit_failed');
      expect(await artifacts.list({ executionId: 'execution-1' })).toEqual([]);
      expect(await artifacts.listContents(1)).toEqual([]);
      expect(await artifacts.getFolder('execution-1')).toBeUndefined();
    });

    it('goes with its execution', async () => {
      const { store } = subject.current;
      const artifacts = await begin();
      await store.commit(makeBatch({ executions: [makeExecution(2), makeExecution(1, scored)] }));
      for (const key of [1, 2]) {
        const executionId = `execution-${key}`;
        await commit({
          stored: [makeArtifact('a', { executionKey: key, executionId })],
          pieces: [{ executionKey: key, content: 1, number: 0, bytes: toBytes('x') }],
          folders: [{ executionId, executionKey: key, folder: '/a' }],
        });
      }
      expect(await store.prune({ settledBefore: start + 10_000 })).toBe(1);
      expect(await artifacts.list({ executionId: 'execution-1', versions: 'all' })).toEqual([]);
      expect(await artifacts.listContents(1)).toEqual([]);
      expect(await artifacts.getFolder('execution-1')).toBeUndefined();
      expect(await names({ executionId: 'execution-2' })).toEqual(['a@1']);
      expect(await artifacts.readPiece(2, 1, 0)).toEqual(toBytes('x'));
      expect(await artifacts.getFolder('execution-2')).toBe('/a');
    });

    it('is there again when the store is opened again', async () => {
      await begin();
      await commit({ stored: [makeArtifact('a')], pieces: [{ executionKey: 1, content: 1, number: 0, bytes: toBytes('x') }] });
      const again = subject.current.reopen();
      expect(await open(again).list({ executionId: 'execution-1' })).toEqual([makeArtifact('a')]);
      expect(await open(again).readPiece(1, 1, 0)).toEqual(toBytes('x'));
      if (again !== subject.current.store) again.close();
    });
  });
}
