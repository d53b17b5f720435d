import type { MutableBatch } from '../../engine/batch.ts';
import type { Changes } from '../../kernel/changes.ts';
import { toConsolidatedRecord } from '../../kernel/consolidated-record.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { Resident } from './resident.ts';
import { computeWakeAt, isSame, toExecutionRecord, toJournalRecord, toProgress, toStepRecord } from '../../kernel/rows.ts';
import { extendTrail, markBatch } from './trail.ts';

/** Transitions that one row of the journal holds, at most: whoever reads it reads it whole. */
const maxRowEntries = 256;

/** Adds what one execution has changed, and counts its transitions. */
export function collectResident(resident: Resident, plans: PlanRegistry, now: number, batch: MutableBatch): void {
  const { header, tree } = resident;
  const { key } = header;
  const changes = resident.changes as Changes;
  const { entries, actors, attempts, inputs, kept, received, consumed } = changes;
  // Read back and nothing happened to it yet: its rows are right as they are.
  if (entries.length === 0 && received.length === 0 && consumed.length === 0 && !resident.isNew) return;
  const { labels } = changes;
  if (labels) {
    const rows = Object.entries(labels).map(([name, value]) => ({ executionId: header.executionId, name, value }));
    batch.catalog = { ...batch.catalog, labels: [...(batch.catalog?.labels ?? []), ...rows] };
  }
  if (resident.isNew) {
    for (const plan of [tree.plan, ...Object.values(tree.flows ?? {}).flatMap(digest => plans.get(digest) ?? [])]) {
      const definition = plans.toRecord(plan, now);
      if (definition && !batch.definitions.some(({ digest }) => digest === definition.digest)) batch.definitions.push(definition);
    }
  }
  if (entries.length > 0) {
    for (let from = 0; from < entries.length; from += maxRowEntries) {
      batch.journal.push(toJournalRecord(key, header.seq + 1 + from, now, entries.slice(from, from + maxRowEntries)));
    }
    header.seq += entries.length;
  }
  const wakeAt = computeWakeAt(tree, header.startedAt);
  if (resident.record && isSame(resident.record, tree, wakeAt)) batch.progress.push(toProgress(header, tree));
  else batch.executions.push((resident.record = toExecutionRecord(header, tree, wakeAt)));
  const mark = markBatch(batch);
  if (resident.isNew) batch.steps.push(...resident.kept);
  if (kept.length > 0) {
    batch.steps.push(...kept);
    // What they did is with an earlier generation: the store has to be asked.
    resident.trail = null;
  }
  for (const actor of actors) batch.steps.push(toStepRecord(key, actor));
  for (const attempt of attempts) batch.attempts.push({ executionKey: key, ...attempt });
  for (const input of inputs) batch.inputs.push({ executionKey: key, ...input });
  if (resident.trail && resident.trail !== 'long') resident.trail = extendTrail(resident.trail, batch, mark);
  if (changes.consolidated) {
    resident.consolidated = toConsolidatedRecord(header, tree.tally.lastSettledAt, changes.consolidated, now);
    batch.consolidated = [...(batch.consolidated ?? []), resident.consolidated];
  }
  for (const signal of received) if (!consumed.includes(signal.number)) batch.signals.received.push({ ...signal, executionKey: key });
  for (const number of consumed) if (!received.some(signal => signal.number === number)) batch.signals.consumed.push({ executionKey: key, number });
}
