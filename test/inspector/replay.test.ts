import { describe, expect, it } from 'vitest';
import type { RecordReader } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { toLocalAddress } from '../../src/core/address.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import type { InspectedExecution } from '../../src/inspector/document/inspected-execution.ts';
import { Fork } from '../../src/inspector/replay/fork.ts';
import { openRecords } from '../../persistence/records/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createFlowModel } from '../../src/testing/flow-model.ts';
import { generateFlowPaths } from '../../src/testing/flow-paths.ts';
import { runPath } from '../../src/testing/run-path.ts';
import { scriptFlow } from '../../src/testing/script-flow.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';
import { openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';
import { readDocument, replayDocument } from './replayed-examples.ts';

/** Every execution that a generated path of a flow has led to. */
async function* runPaths(flow: Awaited<ReturnType<typeof loadFlow>>, maxPaths: number): AsyncGenerator<InspectedExecution> {
  const model = createFlowModel(scriptFlow(flow));
  for (const path of generateFlowPaths(flow, { maxPaths }).paths) {
    let reader: RecordReader | undefined;
    const documents: InspectedExecution[] = [];
    await runPath(model, path, {
      open: options => {
        reader = openRecords(options.store);
        return createRuntime(options);
      },
      check: async () => {
        const [record] = await (reader as RecordReader).listExecutions({ order: 'oldest', limit: 1 });
        if (record) documents[0] = await readDocument(reader as RecordReader, record.executionId);
      },
    });
    yield* documents;
  }
}

const load = (name: string): ReturnType<typeof loadFlow> => loadFlow(`${import.meta.dirname}/../../docs/examples/${name}.yml`);

function expectReplayed(document: InspectedExecution): ReturnType<typeof replayDocument> {
  const history = replayDocument(document);
  expect(history.mismatches).toEqual([]);
  // What comes after the end is in the journal only.
  expect(history.replayed).toBeGreaterThanOrEqual(document.execution.seq);
  expect(history.getState('', history.length)?.value).toBe(document.execution.status);
  for (const row of document.steps) expect([row.stepId, row.item, history.getState(toLocalAddress(row.stepId, row.item), history.length)?.value]).toEqual([row.stepId, row.item, row.status]);
  return history;
}

describe.each(['fan-out', 'recovery', 'retry', 'approval', 'sleep', 'scoring', 'nested'])('every path of %s', name => {
  it('is replayed to the stored states, and told anew from any transition on comes to the same end', async () => {
    let paths = 0;
    let forks = 0;
    for await (const document of runPaths(await load(name), 12)) {
      paths++;
      const history = expectReplayed(document);
      for (let seq = 0; seq <= history.length; seq += Math.max(1, Math.floor(history.length / 12))) {
        const fork = new Fork(history, document, seq);
        fork.goOn();
        expect({ seq, differs: fork.compare(), thrown: fork.moves.filter(({ thrown }) => thrown !== undefined) }).toEqual({ seq, differs: [], thrown: [] });
        forks++;
      }
    }
    expect(paths).toBeGreaterThan(0);
    expect(forks).toBeGreaterThan(paths);
  });
});

describe('a journal of 61 steps', () => {
  it('is replayed to the stored states, and told anew comes to the same end', async () => {
    for await (const document of runPaths(pipelineFlow(), 2)) {
      const history = expectReplayed(document);
      const fork = new Fork(history, document, 3);
      expect(fork.goOn()).toBeGreaterThan(0);
      expect(fork.compare()).toEqual([]);
    }
  });
});

describe('a journal that was tampered with', () => {
  it('is named at the number of the first transition that differs', async () => {
    for await (const document of runPaths(await load('retry'), 1)) {
      const { length } = replayDocument(document);
      for (let seq = 1; seq <= length; seq++) {
        const commits = document.commits.map(([first, at, entries]) => [first, at, entries.map((entry, place) => (first + place === seq ? lie(entry) : entry))] as const);
        const history = replayDocument({ ...document, commits });
        expect([seq, history.mismatches[0]?.seq]).toEqual([seq, seq]);
      }
    }
  });

  it('shows the stored state from there on, and says that its context is not known', async () => {
    for await (const document of runPaths(await load('retry'), 1)) {
      const commits = document.commits.map(([first, at, entries]) => [first, at, entries.map((entry, place) => (first + place === 1 ? ['', 'flow.start', { ready: 1 }, 'consolidating'] : entry))] as const);
      const history = replayDocument({ ...document, commits });
      expect(history.getState('', 1)).toMatchObject({ value: 'consolidating', isUncertain: true });
    }
  });

  it('of which a commit is missing is named where it is missing', async () => {
    for await (const document of runPaths(await load('retry'), 1)) {
      const history = replayDocument({ ...document, commits: document.commits.filter((_, place) => place !== 1) });
      expect(history.mismatches[0]).toMatchObject({ what: 'sequence', seq: document.commits[2]?.[0] });
    }
  });
});

/** The same entry with another state. */
function lie(entry: readonly unknown[]): readonly unknown[] {
  const [address, event, ...rest] = entry;
  if (typeof event === 'string') return [address, event, typeof rest[0] === 'object' ? rest[0] : {}, 'elsewhere'];
  return [address, event, 'elsewhere'];
}

describe('a fork', () => {
  it('goes where it is told to, and leaves the original as it was', async () => {
    const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:a' }, { id: 'b', uses: 'tool:b', depends_on: ['a'] }] };
    const { runtime, store } = await openRuntime(flow, { a: () => 1, b: () => 2 }, { clock: new SimulatedClock() });
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    const document = await readDocument(store, executionId);
    const history = expectReplayed(document);
    const fork = new Fork(history, document, 2);
    const [question] = fork.questions;
    expect(question).toMatchObject({ kind: 'run', address: 'a', run: 1 });
    const failure = { code: 'no', message: 'What if', retryable: false };
    const move = fork.tell({ to: 'step', position: 0, item: -1, event: { type: 'attempt.failed', run: 1, failure, retryAt: 0 } }, 'a fails');
    expect(move.entries.map(([address, { type }, state]) => `${address} ${type} ${state}`)).toContain('a attempt.failed failed');
    expect(fork.isOver).toBe(true);
    expect(fork.compare()).toContainEqual({ address: 'b', original: 'completed', fork: 'skipped' });
    expect(history.getState('a', history.length)?.value).toBe('completed');
    await runtime.stop();
  });

  it('goes on while its execution still runs: what nobody knows is asked for', async () => {
    const flow = { id: 'f', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }] };
    const { runtime, store } = await openRuntime(flow, {});
    const { executionId } = await runtime.start('f');
    await settleTicks();
    await until(() => true);
    const document = await readDocument(store, executionId);
    const history = expectReplayed(document);
    const fork = new Fork(history, document, history.length);
    expect(fork.goOn()).toBe(0);
    expect(fork.questions).toMatchObject([{ kind: 'timer', address: 'nap' }]);
    fork.tell({ to: 'step', position: 0, item: -1, event: { type: 'timer.fired' } }, 'the time comes');
    expect(fork.tree.flow.value).toBe('scored');
    await runtime.stop();
  });
});
