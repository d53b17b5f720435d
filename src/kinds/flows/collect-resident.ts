import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';
import type { Changes } from '../../kernel/changes.ts';
import { collectRows } from '../../kernel/collect-rows.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { Resident } from './resident.ts';
import { computeWakeAt, isSame, toExecutionRecord, toProgress } from '../../kernel/rows.ts';
import { extendTail } from './tail.ts';
import { extendTrail, markBatch } from './trail.ts';

/** Adds what one execution has changed, and counts its transitions. */
export function collectResident(resident: Resident, plans: PlanRegistry, now: number, batch: MutableBatch): void {
  const { header, tree } = resident;
  const changes = resident.changes as Changes;
  const { entries, kept, received, consumed } = changes;
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
  const mark = markBatch(batch);
  if (resident.isNew && resident.kept.length > 0) batch.steps.push(...resident.kept);
  const from = batch.journal.length;
  const consolidated = collectRows(resident, changes, now, batch);
  extendTail(resident.tail, batch.journal, from, entries.length);
  const wakeAt = computeWakeAt(tree, header.startedAt);
  if (resident.record && isSame(resident.record, tree, wakeAt)) batch.progress.push(toProgress(header, tree));
  else batch.executions.push((resident.record = toExecutionRecord(header, tree, wakeAt)));
  // What they did is with an earlier generation: the store has to be asked.
  if (kept.length > 0) resident.trail = null;
  if (resident.trail && resident.trail !== 'long') resident.trail = extendTrail(resident.trail, batch, mark);
  if (consolidated) {
    resident.consolidated = consolidated;
    batch.consolidated = [...(batch.consolidated ?? []), consolidated];
  }
}
