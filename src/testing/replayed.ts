import type { CheckpointRecord, StepRecord } from '../../persistence/records.ts';
import { toLocalAddress } from '../core/address.ts';
import type { Snapshot } from '../core/machine-runner.ts';
import { readEndings, readRanges } from '../core/settled-text.ts';
import { readCounters } from '../core/stored-value.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import type { SettledStep, Tally } from '../kernel/tally.ts';
import { countSettled, createTally } from '../kernel/tally.ts';

/** An actor whose journal is replayed. */
export interface Replayed {
  readonly machine: 'flow' | 'step' | 'fanOut';
  snapshot: Snapshot<object>;
  startedAt: number | null;
  settledAt: number | null;
  /** It had settled at the checkpoint where the replay begins: no more is known of it than how. */
  readonly isKnownByEnding?: true;
}

/** What a replay and a checkpoint say of one actor; compared value by value. */
export interface ComparedActor {
  readonly address: string;
  readonly expected: object;
  readonly found: object;
}

export function toComparable({ snapshot, startedAt, settledAt }: Replayed): object {
  // What a step's machine was created with is not stored: it stands in the definition.
  const { kind: _kind, maxAttempts: _maxAttempts, maxInterruptions: _maxInterruptions, alternative: _alternative, ask: _ask, ...context } = snapshot.context as Record<string, unknown>;
  return { status: snapshot.value, startedAt, settledAt, ...context };
}

export function toStored({ status, startedAt, settledAt, counters, ...row }: StepRecord): object {
  return { ...row, status, startedAt, settledAt, ...(counters === null ? {} : (JSON.parse(counters) as object)) };
}

/** The step that an address below the flow belongs to; undefined: the definition has none. */
export function findStep({ steps, positions }: FlowPlan, address: string): PlannedStep | undefined {
  const bracket = address.indexOf('[');
  return steps[positions.get(bracket < 0 ? address : address.slice(0, bracket)) ?? -1];
}

/** Settled items of `for_each` steps that are alive, by their addresses. */
export function listSettledItems(plan: FlowPlan, { items }: CheckpointRecord): Set<string> {
  const addresses = new Set<string>();
  for (const [position, ranges] of items) {
    const id = plan.steps[position]?.id ?? '';
    readRanges(ranges, (from, to) => {
      for (let item = from; item <= to; item++) addresses.add(toLocalAddress(id, item));
    });
  }
  return addresses;
}

/** How steps have ended, by their addresses. */
export function listEndings(plan: FlowPlan, { settled }: CheckpointRecord): Map<string, string> {
  const endings = new Map<string, string>();
  readEndings(settled, (position, ending) => endings.set(plan.steps[position]?.id ?? '', ending));
  return endings;
}

const isOver = ({ snapshot }: Replayed): boolean => snapshot.status === 'done';

/**
 * What a replay has come to beside a checkpoint of the same transition.
 *
 * @param kept addresses of what an earlier generation ran: its story is told there
 */
export function* compareCheckpoint(plan: FlowPlan, actors: ReadonlyMap<string, Replayed>, kept: ReadonlySet<string>, checkpoint: CheckpointRecord): Iterable<ComparedActor> {
  const flow = actors.get('') as Replayed;
  const stored = JSON.parse(checkpoint.context) as { readonly [name: string]: unknown };
  const { score: _score, passed: _passed, failure: _failure, ...counters } = flow.snapshot.context as { readonly [name: string]: unknown };
  // Of counters that have not moved nothing is stored.
  const moved = Object.fromEntries(Object.entries(counters).filter(([name, value]) => name in stored || (counted.has(name) && value !== 0 && value !== false)));
  yield { address: '', expected: { status: flow.snapshot.value, startedAt: flow.startedAt }, found: { status: checkpoint.status, startedAt: checkpoint.startedAt } };
  yield { address: '', expected: moved, found: stored };
  const endings = listEndings(plan, checkpoint);
  const items = listSettledItems(plan, checkpoint);
  const open = new Map(checkpoint.open.map(row => [toLocalAddress(row.stepId, row.item), row]));
  for (const address of new Set([...actors.keys(), ...endings.keys(), ...items, ...open.keys()])) {
    const actor = actors.get(address);
    if (address === '' || (!actor && kept.has(address))) continue;
    const isItem = address.includes('[');
    const row = open.get(address);
    if (row && actor && !isOver(actor)) yield { address, expected: toComparable(actor), found: toStored(row) };
    else if (isItem) yield { address, expected: { isOver: actor !== undefined && isOver(actor) }, found: { isOver: row === undefined && (items.has(address) || !isAlive(plan, actors, address)) } };
    else yield { address, expected: { ending: actor && isOver(actor) ? actor.snapshot.value : null }, found: { ending: endings.get(address) ?? null } };
  }
}

const counted = new Set(['ready', 'granted', 'released', 'settled', 'completed', 'failed', 'skipped', 'cancelled', 'halted']);

/** Whether the `for_each` step of an item has not settled: of others a checkpoint names no items. */
function isAlive(plan: FlowPlan, actors: ReadonlyMap<string, Replayed>, address: string): boolean {
  const list = actors.get(findStep(plan, address)?.id ?? '');
  return list !== undefined && !isOver(list);
}

/** What a score needs of all that has settled, counted anew. */
export function countReplayed(plan: FlowPlan, actors: ReadonlyMap<string, Replayed>, from: CheckpointRecord | undefined): Tally {
  const tally = createTally();
  if (from) {
    Object.assign(tally, { totalTools: from.totalTools, lastSettledAt: from.lastSettledAt });
    for (const position of from.excluded) tally.excluded.add(position);
  }
  for (const [address, actor] of actors) {
    const step = findStep(plan, address);
    if (!step || !isOver(actor) || actor.isKnownByEnding) continue;
    const { run = 0, recovery = null, failure = null } = actor.snapshot.context as Partial<SettledStep>;
    countSettled(tally, step, address.includes('['), { status: actor.snapshot.value as SettledStep['status'], failure, recovery, run, settledAt: actor.settledAt });
  }
  return tally;
}

/** What a machine is restored with from the row of a step that is alive. */
export function toContext(row: StepRecord): object {
  const counters = readCounters(row);
  if (counters) return { ...counters, failure: row.failure };
  const { run, attempt, interruptions, dueAt, recovery, failure } = row;
  return { run, attempt, interruptions, dueAt, recovery, failure };
}
