/** One execution, as far as statistics go. Times are epoch ms. */
export interface Run {
  readonly executionId: string;
  readonly flowId: string;
  readonly group: string;
  readonly createdAt: number;
  /** Null: it has not ended. */
  readonly settledAt: number | null;
  readonly passed: boolean | null;
  readonly score: number | null;
}

/** What a number of executions came to. Only ended ones count, but in `runs`. */
export interface Figures {
  readonly runs: number;
  readonly settled: number;
  readonly passed: number;
  /** `passed` of `settled`, 0 to 1; null: none has ended. */
  readonly successRate: number | null;
  readonly meanScore: number | null;
  /** From start to end, ms. */
  readonly meanDurationMs: number | null;
}

export interface GroupStats extends Figures {
  readonly group: string;
  /** Of the execution that was started last, of those that have ended. */
  readonly last: { readonly executionId: string; readonly flowId: string; readonly score: number; readonly passed: boolean; readonly durationMs: number; readonly at: number } | null;
  /** Days with executions, in UTC, the oldest first. */
  readonly days: readonly (Figures & { readonly day: string })[];
}

const msPerDay = 86_400_000;

/** Sums executions up by their group, the group with the latest start first. */
export function computeStats(runs: readonly Run[]): GroupStats[] {
  const byTime = runs.toSorted((a, b) => a.createdAt - b.createdAt || (a.executionId < b.executionId ? -1 : 1));
  const groups = Map.groupBy(byTime, ({ group }) => group);
  return [...groups]
    .toSorted(([, a], [, b]) => (b.at(-1)?.createdAt ?? 0) - (a.at(-1)?.createdAt ?? 0))
    .map(([group, list]) => {
      const last = list.findLast(({ settledAt }) => settledAt !== null);
      const days = Map.groupBy(list, ({ createdAt }) => Math.floor(createdAt / msPerDay));
      return {
        group,
        ...sumUp(list),
        last: last ? { executionId: last.executionId, flowId: last.flowId, score: last.score ?? 0, passed: last.passed === true, durationMs: toDuration(last), at: last.createdAt } : null,
        days: [...days].map(([day, of]) => ({ day: new Date(day * msPerDay).toISOString().slice(0, 10), ...sumUp(of) })),
      };
    });
}

const toDuration = ({ createdAt, settledAt }: Run): number => (settledAt ?? createdAt) - createdAt;

function sumUp(runs: readonly Run[]): Figures {
  const settled = runs.filter(({ settledAt }) => settledAt !== null);
  const passed = settled.filter(run => run.passed === true).length;
  const mean = (read: (run: Run) => number): number | null => (settled.length === 0 ? null : settled.reduce((sum, run) => sum + read(run), 0) / settled.length);
  return { runs: runs.length, settled: settled.length, passed, successRate: mean(run => Number(run.passed === true)), meanScore: mean(({ score }) => score ?? 0), meanDurationMs: mean(toDuration) };
}
