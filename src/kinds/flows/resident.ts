import type { ConsolidatedRecord } from '../../../persistence/consolidation-store.ts';
import type { ExecutionRecord, StepRecord, JournalRecord, AttemptRecord } from '../../../persistence/records.ts';
import type { Changes } from '../../kernel/changes.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { computeWakeAt, isAtRest } from '../../kernel/rows.ts';
import type { Running } from './step-runner.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { hasWork, isRunning } from '../../kernel/tree.ts';
import { readStored } from '../../core/stored-value.ts';
import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';

/** An execution in memory, with what runs for it. */
export interface Resident {
  readonly header: ExecutionHeader;
  tree: FlowTree;
  /** The flow's input, parsed. */
  readonly input: unknown;
  /** What happened since the last commit; null: nothing. */
  changes: Changes | null;
  /** Its row as it was when its status or its time to wake changed last; null: not yet in this process. */
  record: ExecutionRecord | null;
  /** Handlers that run, by `toRunKey`. */
  readonly runs: Map<string, Running>;
  /** Outputs of upstream steps that expressions read, by position. */
  readonly outputs: Map<number, unknown>;
  /** Steps that it keeps of the generation before; stored with its first commit. */
  readonly kept: readonly StepRecord[];
  /** What was stored of it, or that it is too long to be remembered; null: it was read back, and the store has to be asked. */
  trail: Trail | 'long' | null;
  /** What it came to; null: it is not scored. */
  consolidated: ConsolidatedRecord | null;
  /** What it was marked with when it was started in this process. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** The definition's record is not in the store yet. */
  isNew: boolean;
  /** The timer of the flow's own timeout is armed. */
  expires: boolean;
  /** What of its journal is not in a checkpoint. */
  readonly tail: Tail;
  /** Characters of its last checkpoint, about; 0: none was written since it came into memory. */
  checkpointLength: number;
  /** It was read back, and its files have not been looked at. */
  unchecked: boolean;
  /** Something was, or may have been, made beside outputs. */
  hasMade: boolean;
  /** It leaves memory after the commit that is under way. */
  leaves: boolean;
}

/** An execution whose end has been stored. */
export interface Ended {
  readonly record: ExecutionRecord;
  /** As it was in memory; undefined: it ran elsewhere. */
  readonly resident?: Resident;
}

/** @param tailRows rows of its journal that were read back since its last checkpoint */
export function createResident(
  header: ExecutionHeader, tree: FlowTree, isNew: boolean, kept: readonly StepRecord[] = [], labels?: Readonly<Record<string, string>>, tailRows = 0,
): Resident {
  return new NewResident(header, tree, isNew, kept, labels, tailRows);
}

class NewResident implements Resident {
  readonly header: ExecutionHeader;
  tree: FlowTree;
  readonly input: unknown;
  changes: Changes | null = null;
  record: ExecutionRecord | null = null;
  readonly runs = new Map<string, Running>();
  readonly outputs = new Map<number, unknown>();
  readonly kept: readonly StepRecord[];
  trail: Trail | 'long' | null;
  consolidated: ConsolidatedRecord | null = null;
  readonly labels: Readonly<Record<string, string>> | undefined;
  isNew: boolean;
  expires = false;
  readonly tail: Tail;
  checkpointLength = 0;
  unchecked: boolean;
  hasMade = false;
  leaves = false;

  constructor(header: ExecutionHeader, tree: FlowTree, isNew: boolean, kept: readonly StepRecord[], labels: Readonly<Record<string, string>> | undefined, tailRows: number) {
    this.header = header;
    this.tree = tree;
    this.input = readStored('inputs.input', header.key, header.input);
    this.kept = kept;
    this.trail = isNew && kept.length === 0 ? createTrail() : null;
    this.labels = labels;
    this.isNew = isNew;
    this.tail = createTail(tailRows);
    this.unchecked = !isNew;
  }
}

/**
 * Whether nothing keeps an execution in memory: it has settled, or sleeps for longer than that.
 *
 * @param performer says whether nothing of it may begin here
 */
export function leavesMemory(resident: Resident, now: number, keepMs: number, performer: { isPaused(resident: Resident): boolean }): boolean {
  const { header, tree } = resident;
  if (isAtRest(tree)) return true;
  if (hasWork(tree) && (isRunning(tree) || !performer.isPaused(resident))) return false;
  const wakeAt = computeWakeAt(tree, header.startedAt);
  return !wakeAt || wakeAt - now > keepMs;
}

/** Whether so little is stored of it that it may stay in memory while it only waits. */
export function isShort({ trail, header }: Resident): boolean {
  return trail !== null && trail !== 'long' && header.input.length <= maxLength;
}

export function toRunKey(position: number, item: number, run: number): string {
  return `${position}.${item}.${run}`;
}

/** What of an execution's journal is not in a checkpoint. */
export interface Tail {
  rows: number;
  entries: number;
  /** Characters of its entries. */
  length: number;
  /** Rows that `Checkpoints` has counted among those of all. */
  counted: number;
}

const createTail = (rows: number): Tail => new NewTail(rows);

class NewTail implements Tail {
  rows: number;
  entries = 0;
  length = 0;
  counted = 0;

  constructor(rows: number) {
    this.rows = rows;
  }
}

/** Adds the last rows of a commit, from one on; `entries`: how many transitions they hold. */
export function extendTail(tail: Tail, rows: readonly JournalRecord[], from: number, entries: number): void {
  tail.rows += rows.length - from;
  tail.entries += entries;
  for (let at = from; at < rows.length; at++) tail.length += (rows[at] as JournalRecord).entries.length;
}

/** What was stored of a short execution since it began, so that whoever waits for its end need not read it back. */
export interface Trail {
  /** By `toPlace`. */
  readonly steps: Map<number, StepRecord>;
  /** Outputs of completed runs, by `toPlace`. */
  readonly outputs: Map<number, string | null>;
  /** Runs that have ended. */
  runs: number;
  /** Characters of its outputs. */
  length: number;
}

/** Rows of steps, and characters, beyond which an execution is long. */
const maxSteps = 96;
const maxLength = 32_768;

const createTrail = (): Trail => new NewTrail();

class NewTrail implements Trail {
  readonly steps = new Map<number, StepRecord>();
  readonly outputs = new Map<number, string | null>();
  runs = 0;
  length = 0;
}

/** Where the rows of a batch end that are there already. */
export interface BatchMark {
  readonly steps: number;
  readonly attempts: number;
}

export const markBatch = ({ steps, attempts }: MutableBatch): BatchMark => ({ steps: steps.length, attempts: attempts.length });

/** Adds the rows that came after the mark; `long` when the execution has become too long to be remembered. */
export function extendTrail(trail: Trail, batch: MutableBatch, from: BatchMark): Trail | 'long' {
  for (let at = from.steps; at < batch.steps.length; at++) {
    const row = batch.steps[at] as StepRecord;
    trail.steps.set(toPlace(row), row);
  }
  for (let at = from.attempts; at < batch.attempts.length; at++) {
    const row = batch.attempts[at] as AttemptRecord;
    trail.runs++;
    if (row.status === 'completed') trail.outputs.set(toPlace(row), row.output);
    trail.length += row.output?.length ?? 0;
  }
  return trail.steps.size > maxSteps || trail.runs > 2 * maxSteps || trail.length > maxLength ? 'long' : trail;
}

/** More items than an execution has that is not long. */
const maxItems = 2 ** 20;

/** A step or item as one number, in the order in which a store gives them. */
export const toPlace = ({ position, item }: Pick<StepRecord, 'position' | 'item'>): number => position * maxItems + item + 1;

/** The rows of steps, as a store gives them. */
export function listTrailSteps({ steps }: Trail): StepRecord[] {
  let last = -1;
  let isInOrder = true;
  for (const place of steps.keys()) {
    if (place < last) isInOrder = false;
    last = place;
  }
  return isInOrder ? [...steps.values()] : [...steps.values()].sort((a, b) => toPlace(a) - toPlace(b));
}
