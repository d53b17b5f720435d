import type { MemoryRecords } from '../../src/open-records.ts';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import type { SimulatedClock } from '../../src/core/clock.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { SettledExecution } from '../../src/kinds/flows/execution-api.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { retryAfter } from '../../src/core/outcome.ts';
import type { Handlers } from '../runtime/open-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';

/** Everything a flow can do: expressions, fan-out, retries, waits, signals, children, failures, conditions. */
export const flows: FlowSource[] = [
  {
    id: 'everything',
    concurrency: 3,
    steps: [
      { id: 'list', uses: 'tool:echo', with: { items: '{% input.items %}' } },
      { id: 'each', uses: 'tool:twice', for_each: '{% steps.list.output.items %}', depends_on: ['list'], retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' } },
      { id: 'sum', uses: 'tool:echo', with: { sum: '{% $sum(steps.each.output) %}' }, depends_on: ['each'] },
      { id: 'nap', uses: 'sleep', with: { for: '10s' }, depends_on: ['list'] },
      { id: 'ask', uses: 'signal', with: { name: 'go' }, depends_on: ['nap'] },
      { id: 'child', uses: 'flow:inner', with: { n: '{% steps.sum.output.sum %}' }, depends_on: ['sum'] },
      { id: 'broken', uses: 'tool:broken', critical: false, depends_on: ['list'], retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' } },
      { id: 'excluded', uses: 'tool:echo', when: '{% input.never = true %}', depends_on: ['list'] },
      { id: 'last', uses: 'tool:echo', with: { child: '{% steps.child.output.outputs.end %}', ask: '{% steps.ask.output %}' }, depends_on: ['child', 'ask', 'broken', 'excluded'] },
    ],
  },
  {
    id: 'inner',
    steps: [
      { id: 'pause', uses: 'sleep', with: { for: '5s' } },
      { id: 'end', uses: 'tool:later', with: '{% input.n * 10 %}', depends_on: ['pause'], retry: { maxAttempts: 2 } },
    ],
  },
];

export interface Run {
  readonly key: string;
  readonly name: string;
}

export function createHandlers(runs: Run[]): Handlers {
  const note = ({ idempotencyKey: key, stepId, item }: ToolCall): void => void runs.push({ key, name: item === undefined ? stepId : `${stepId}[${item}]` });
  return {
    echo: call => (note(call), call.input),
    twice: call => {
      note(call);
      if (call.input === 2 && call.attempt === 1) throw new Error('not yet');
      return (call.input as number) * 2;
    },
    broken: call => {
      note(call);
      throw new Error('always');
    },
    later: async call => {
      note(call);
      await Promise.resolve();
      return call.attempt === 1 ? retryAfter(3_000) : call.input;
    },
  };
}

/** Lets time pass and signals come until the execution has settled. */
export async function runToEnd(runtime: Runtime, clock: SimulatedClock, executionId: string): Promise<SettledExecution> {
  const execution = await runtime.get(executionId);
  for (let time = 0; time < 60; time++) {
    await settleTicks(6);
    const { settledAt } = await execution.get();
    if (settledAt !== null) break;
    clock.advance(1_000);
  }
  return execution.settled();
}

/** Keeps a copy of the store after every commit: what a crash right then would leave. */
export function recordCommits(inner: MemoryRecords): { readonly store: Records; readonly copies: { readonly store: MemoryRecords; readonly runs: number; readonly at: number }[]; watch: (runs: readonly Run[], clock: SimulatedClock) => void } {
  const copies: { store: MemoryRecords; runs: number; at: number }[] = [];
  let watched: { readonly runs: readonly Run[]; readonly clock: SimulatedClock } | undefined;
  const note = (): void => void copies.push({ store: inner.copy(), runs: watched?.runs.length ?? 0, at: watched?.clock.now() ?? 0 });
  const commit = (batch: CommitBatch): void => {
    inner.commit(batch);
    note();
  };
  const commitWith: Records['commitWith'] = build => {
    inner.commitWith(build);
    note();
  };
  const store = new Proxy<Records>(inner, {
    get(target, name) {
      if (name === 'commit') return commit;
      if (name === 'commitWith') return commitWith;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { store, copies, watch: (runs, clock) => void (watched = { runs, clock }) };
}

/** What must be the same however often it crashed. */
export const toOutcome = ({ status, passed, score, steps }: SettledExecution): unknown => ({
  status,
  passed,
  score,
  steps: steps.map(({ stepId, status: stepStatus, attempts, output, reason }) => ({
    stepId,
    status: stepStatus,
    attempts,
    code: reason?.code,
    output: stepId === 'child' ? (output as { outputs: unknown }).outputs : output,
  })),
});
