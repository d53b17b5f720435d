import { describe, expect, it } from 'vitest';
import type { MemoryRecords } from '../../src/open-records.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:t', artifacts: [{ name: 'end.txt', from: 'output' }] }] };

/** The store as a successor finds it when the process dies now. */
async function crash(store: MemoryRecords): Promise<MemoryRecords> {
  await settleTicks();
  return store.copy();
}

const list = async (runtime: Runtime, executionId: string): Promise<string[]> => {
  const rows = await runtime.artifacts.list(executionId, { versions: 'all' });
  return Promise.all(rows.map(async ({ name, version }) => `${name}@${version}=${await (await runtime.artifacts.get(executionId, name, { version })).text()}`));
};

/** Runs the first run up to where it hangs, dies, and runs the second one to the end. */
async function runTwice(first: (call: ToolCall) => Promise<unknown>, second: (call: ToolCall) => Promise<unknown>): Promise<{ between: string[]; after: string[]; contents: number[] | undefined }> {
  const store = createMemoryStore();
  const hang = createGate<never>();
  const before = await openRuntime(flow, { t: async call => (await first(call), hang.promise) }, { store });
  const { executionId } = await before.runtime.start('f');
  const left = await crash(store);
  const between = await list(before.runtime, executionId);
  const after = await openRuntime(flow, { t: second as never }, { store: left });
  const settled = await after.runtime.settled(executionId);
  expect(settled.passed).toBe(true);
  await settleTicks();
  const found = await list(after.runtime, executionId);
  const contents = await left.artifacts.listContents(1);
  await after.runtime.stop();
  return { between, after: found, contents };
}

describe('a run that begins again after the process died', () => {
  it('keeps the version that it makes again, byte for byte', async () => {
    const make = async ({ artifact }: ToolCall): Promise<string> => {
      await artifact('log.txt', 'same');
      return 'end';
    };
    expect(await runTwice(make, make)).toEqual({ between: ['log.txt@1=same'], after: ['end.txt@1=end', 'log.txt@1=same'], contents: [1, 2] });
  });

  it('puts another content in the place of the one that was cut off, under a new number', async () => {
    const result = await runTwice(
      async ({ artifact }) => artifact('log.txt', 'first'),
      async ({ artifact }) => {
        await artifact('log.txt', 'second');
        return 'end';
      },
    );
    expect(result).toEqual({ between: ['log.txt@1=first'], after: ['end.txt@1=end', 'log.txt@2=second'], contents: [2, 3] });
  });

  it('leaves nothing of what the run before made and it did not', async () => {
    const result = await runTwice(
      async ({ artifact }) => {
        await artifact('a.txt', 'one');
        await artifact('a.txt', 'two');
        await artifact('b.txt', 'b');
      },
      async ({ artifact }) => {
        await artifact('a.txt', 'one');
        return 'end';
      },
    );
    expect(result).toEqual({ between: ['a.txt@1=one', 'a.txt@2=two', 'b.txt@1=b'], after: ['a.txt@1=one', 'end.txt@1=end'], contents: [1, 4] });
  });

  it('makes what it makes last the newest, whatever order the run before had', async () => {
    const { after } = await runTwice(
      async ({ artifact }) => {
        await artifact('a.txt', 'x');
        await artifact('a.txt', 'y');
      },
      async ({ artifact }) => {
        await artifact('a.txt', 'y');
        await artifact('a.txt', 'x');
        return 'end';
      },
    );
    expect(after).toEqual(['a.txt@2=y', 'a.txt@3=x', 'end.txt@1=end']);
  });

  it('forgets a stream that was cut off in the middle', async () => {
    const store = createMemoryStore();
    const hang = createGate<never>();
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(600_000);
      await hang.promise;
    }
    const before = await openRuntime(flow, { t: ({ artifact }: ToolCall) => artifact('big.bin', stream()) }, { store });
    const { executionId } = await before.runtime.start('f');
    const left = await crash(store);
    expect(await left.artifacts.listContents(1)).toEqual([1]);
    const after = await openRuntime(flow, { t: () => 'end' }, { store: left });
    await after.runtime.settled(executionId);
    await settleTicks();
    expect(await left.artifacts.listContents(1)).toEqual([2]);
    expect(await list(after.runtime, executionId)).toEqual(['end.txt@1=end']);
    await after.runtime.stop();
  });

  it('touches no version of an earlier attempt', async () => {
    const retried = { id: 'f', steps: [{ id: 'a', uses: 'tool:t', retry: { maxAttempts: 2, initialInterval: 1, jitter: 'none' as const } }] };
    const store = createMemoryStore();
    const hang = createGate<never>();
    const before = await openRuntime(retried, {
      t: async ({ artifact, attempt }: ToolCall) => {
        await artifact('log.txt', `attempt ${attempt}`);
        if (attempt === 1) throw new Error('Not yet');
        return hang.promise;
      },
    }, { store });
    const { executionId } = await before.runtime.start('f');
    await settleTicks();
    before.clock.advance(5);
    const left = await crash(store);
    const after = await openRuntime(retried, { t: () => 'end' }, { store: left, clock: before.clock });
    await after.runtime.settled(executionId);
    expect(await list(after.runtime, executionId)).toEqual(['log.txt@1=attempt 1']);
    await after.runtime.stop();
  });

  it('loses nothing that was stored, and nothing else, at whichever commit the process dies', async () => {
    const make = async ({ artifact, attempt }: ToolCall): Promise<string> => {
      for (const name of ['a.txt', 'b.txt', 'a.txt']) await artifact(name, `${name} of attempt ${attempt}`);
      return 'end';
    };
    const whole = await openRuntime(flow, { t: make as never });
    const first = await whole.runtime.start('f');
    await first.settled();
    const expected = await list(whole.runtime, first.executionId);
    for (let turns = 1; turns < 16; turns++) {
      const store = createMemoryStore();
      const before = await openRuntime(flow, { t: make as never }, { store });
      const { executionId } = await before.runtime.start('f');
      await settleTicks(turns);
      const after = await openRuntime(flow, { t: make as never }, { store: store.copy() });
      await after.runtime.settled(executionId);
      const found = (await list(after.runtime, executionId)).map(line => line.replace(/@\d+/, ''));
      expect(found.toSorted(), `after ${turns} turns`).toEqual(expected.map(line => line.replace(/@\d+/, '')).toSorted());
      await after.runtime.stop();
    }
  });
});

describe('a commit of an artifact that fails', () => {
  it('stops the runtime, and leaves nothing behind when it goes on', async () => {
    const store = createMemoryStore();
    const commit = store.commit.bind(store);
    let fails = true;
    store.commit = batch => {
      if (fails && batch.artifacts) throw new Error('the disk is full');
      commit(batch);
    };
    const refused: unknown[] = [];
    const { runtime } = await openRuntime(flow, {
      t: async ({ artifact }: ToolCall) => {
        await artifact('log.txt', 'once').catch((error: Error) => {
          refused.push(error.message);
          throw error;
        });
        return 'end';
      },
    }, { store });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    expect([runtime.health().status, refused]).toEqual(['faulted', ['the disk is full']]);
    fails = false;
    await runtime.restart();
    expect((await runtime.settled(executionId)).passed).toBe(true);
    expect(await list(runtime, executionId)).toEqual(['end.txt@1=end', 'log.txt@1=once']);
    await runtime.stop();
  });
});
