import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFilesReader, openFilesStore } from '../../../src/files.ts';
import { catchError, expectCode } from '../conformance/commit.ts';
import { completed, makeAttempt, makeBatch, makeExecution, makeStep, owner, scored, start } from '../conformance/fixtures.ts';

let folder = '';
const journal = (): string => join(folder, 'journal.jsonl');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Ten commits; returns where the journal ended after each. */
function fill(): number[] {
  const store = openFilesStore({ folder, durability: 'process' });
  store.acquire(owner);
  const ends = Array.from({ length: 10 }, (_, index) => {
    store.commit(makeBatch({ executions: [makeExecution(index + 1)], attempts: [makeAttempt(index + 1, 0, { output: '"ä\\n"' })] }));
    return statSync(journal()).size;
  });
  store.close();
  return ends;
}

const count = (): number => openFilesReader({ folder }).listExecutions({}).length;

describe('a journal that was cut off', () => {
  it('holds exactly the commits whose lines are whole, wherever it was cut', () => {
    const ends = fill();
    const whole = readFileSync(journal());
    // Every byte of the last line and the first two, and samples between.
    for (let length = whole.length; length >= 0; length -= length > (ends[8] as number) - 2 || length <= (ends[0] as number) ? 1 : 13) {
      truncateSync(journal(), length);
      expect(count(), `cut at byte ${length}`).toBe(ends.filter(end => end <= length).length);
    }
  });

  it('goes on behind its last whole line', () => {
    const ends = fill();
    const whole = readFileSync(journal());
    for (const cut of [1, 5, 20]) {
      writeFileSync(journal(), whole.subarray(0, (ends[9] as number) - cut));
      const store = openFilesStore({ folder, durability: 'process' });
      expect(store.acquire(owner)).toBe(9);
      // What is whole stays as it is; the new owner says that it begins.
      expect(readFileSync(journal()).subarray(0, ends[8]).equals(whole.subarray(0, ends[8]))).toBe(true);
      store.commit(makeBatch({ executions: [makeExecution(10)], attempts: [makeAttempt(10, 0, { output: '"ä\\n"' })] }));
      store.close();
      expect(count()).toBe(10);
    }
  });

  it('may have been cut in its very first line', () => {
    fill();
    truncateSync(journal(), 7);
    const store = openFilesStore({ folder, durability: 'process' });
    expect(store.acquire(owner)).toBe(0);
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.close();
    expect(count()).toBe(1);
  });
});

describe('a journal with a damaged line', () => {
  it('is read up to it and refused by an owner, when whole lines follow', async () => {
    const ends = fill();
    const bytes = readFileSync(journal());
    const at = (ends[4] as number) + 30;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(journal(), bytes);
    expect(count()).toBe(5);
    const store = openFilesStore({ folder });
    const error = await catchError(() => store.acquire(owner));
    expect(error).toMatchObject({ code: 'store_damaged', details: { offset: ends[4] } });
    expect(store.getOwner()).toBeUndefined();
    store.close();
  });

  it('loses the line when it is the last one', () => {
    const ends = fill();
    const bytes = readFileSync(journal());
    bytes.writeUInt8(0, bytes.length - 10);
    writeFileSync(journal(), bytes);
    const store = openFilesStore({ folder, durability: 'process' });
    expect(store.acquire(owner)).toBe(9);
    store.close();
    expect(readFileSync(journal()).subarray(0, ends[8]).equals(bytes.subarray(0, ends[8]))).toBe(true);
    expect(count()).toBe(9);
  });

  it('is refused when a newer Flowstone has written it', async () => {
    const { encodeLine } = await import('../../../persistence/files/journal-line.ts');
    writeFileSync(journal(), encodeLine({ flowstone: 'journal', version: 2 }));
    await expectCode(() => openFilesStore({ folder }).acquire(owner), 'store_newer');
  });
});

describe('a journal that others read', () => {
  it('is followed commit by commit, also through a half-written line and a new journal', () => {
    const store = openFilesStore({ folder, durability: 'process' });
    store.acquire(owner);
    const reader = openFilesReader({ folder });
    const check = (expected: number[]) => expect(reader.listExecutions({ order: 'oldest' }).map(({ key }) => key)).toEqual(expected);
    check([]);
    store.commit(makeBatch({ executions: [makeExecution(1, scored)], steps: [makeStep(1, 0, completed)] }));
    check([1]);
    store.commit(makeBatch({ executions: [makeExecution(2)] }));
    check([1, 2]);
    expect(store.prune({ settledBefore: start + 10_000 })).toBe(1);
    check([2]);
    store.commit(makeBatch({ executions: [makeExecution(3)] }));
    check([2, 3]);
    store.close();
    expect(openFilesStore({ folder }).acquire(owner)).toBe(3);
  });

  it('is not there yet', async () => {
    await expectCode(() => openFilesReader({ folder }), 'store_not_found');
    await expectCode(() => openFilesStore({ folder: '' }), 'option_invalid');
    writeFileSync(join(folder, 'file'), '');
    await expectCode(() => openFilesStore({ folder: join(folder, 'file') }), 'store_cannot_open');
  });
});

describe('a disk that refuses', () => {
  it('keeps nothing of the commit, and goes on when it takes writes again', async () => {
    fill();
    const store = openFilesStore({ folder, durability: 'process' });
    store.acquire(owner);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    // What cannot be written as a line fails where a full disk would.
    await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(11)], definitions: [{ digest: 'd', flowId: 'f', version: '1', definition: circular as never, createdAt: 1 }] })), 'commit_failed');
    expect(store.getExecution('execution-11')).toBeUndefined();
    store.commit(makeBatch({ executions: [makeExecution(11)] }));
    store.close();
    expect(count()).toBe(11);
  });
});
