import type { AttemptRecord, ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import type { Simulation } from './plan-simulation.ts';
import type { Promised } from './simulate.ts';

/** Everything that must hold when nothing more happens. */
export async function examineEnd(store: RecordReader, records: readonly ExecutionRecord[], promised: Promised, plan: Simulation): Promise<string[]> {
  const complaints: string[] = [];
  const byRun = new Map(records.map(record => [record.idempotencyKey, record]));
  for (const run of promised.started) if (!byRun.has(`run-${run}`)) complaints.push(`run ${run} was answered and is not stored`);
  for (const run of promised.cancelled) {
    const record = byRun.get(`run-${run}`);
    if (record?.failure?.code !== 'cancelled') complaints.push(`run ${run} was cancelled and ended ${record?.status} (${record?.failure?.code})`);
  }
  for (const record of records) {
    const name = `${record.flowId} ${record.idempotencyKey ?? record.executionId}`;
    const say = (text: string): unknown => complaints.push(`${name}: ${text}`);
    const flow = plan.flows.find(({ id }) => id === record.flowId);
    if (record.settledAt === null) say(`is ${record.status} and nothing will happen any more (wakeAt ${record.wakeAt})`);
    const rows = await store.listSteps(record.key);
    const attempts = await store.listAttempts(record.key);
    for (const [place, list] of Map.groupBy(attempts, toPlace)) {
      if (list.filter(({ status }) => status === 'completed').length > 1) say(`step ${place} completed twice`);
    }
    if (record.status === 'scored') {
      const steps = rows.filter(({ item }) => item < 0);
      if (steps.length !== flow?.steps.length || steps.some(({ settledAt }) => settledAt === null)) say('is scored with steps left over');
      const score = computeScore(steps, flow?.steps ?? []);
      if (Math.abs(score - record.score) > 1e-9) say(`has the score ${record.score}, its steps give ${score}`);
    }
    if (record.settledAt !== null && rows.some(({ settledAt }) => settledAt === null)) say(`has settled with live rows: ${rows.filter(({ settledAt }) => settledAt === null).map(row => `${row.stepId}[${row.item}] ${row.status}`).join()}`);
    for (const row of rows) if (row.status === 'completed' && row.counters === null && !attempts.some(attempt => toPlace(attempt) === toPlace(row) && attempt.status === 'completed')) say(`${row.stepId} completed without an output`);
    for (const from of ['start', 'checkpoint'] as const) {
      const { mismatches } = await replayJournal(store, record.executionId, { from });
      for (const mismatch of mismatches.slice(0, 3)) say(`its journal differs: ${JSON.stringify(mismatch)}`);
    }
  }
  return complaints;
}

const toPlace = ({ position, item }: StepRecord | AttemptRecord): string => `${position}.${item}`;

function computeScore(rows: readonly StepRecord[], steps: Simulation['flows'][number]['steps']): number {
  const alternatives = new Set(steps.map(({ recover }) => recover?.alternative));
  let weight = 0;
  let earned = 0;
  for (const row of rows) {
    // It counts as the step it stands in for.
    if (alternatives.has(row.stepId)) continue;
    if (row.status === 'failed' && (steps[row.position]?.critical ?? true)) return 0;
    if (row.status === 'skipped' && row.failure.code === 'condition_false') continue;
    const own = steps[row.position]?.weight ?? 1;
    weight += own;
    if (row.status === 'completed') earned += own;
  }
  return weight === 0 ? 0 : earned / weight;
}
