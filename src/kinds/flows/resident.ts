import type { ConsolidatedRecord } from '../../../persistence/consolidation-store.ts';
import type { ExecutionRecord, StepRecord } from '../../../persistence/records.ts';
import type { Changes } from '../../kernel/changes.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { computeWakeAt, isAtRest } from '../../kernel/rows.ts';
import type { Running } from './step-runner.ts';
import type { Tail } from './tail.ts';
import { createTail } from './tail.ts';
import type { Trail } from './trail.ts';
import { createTrail, maxLength } from './trail.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { hasWork, isRunning } from '../../kernel/tree.ts';
import { readStored } from '../../core/stored-value.ts';

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
 * @param isPaused whether nothing of it may begin here
 */
export function leavesMemory({ header, tree }: Resident, now: number, keepMs: number, isPaused: () => boolean): boolean {
  if (isAtRest(tree)) return true;
  if (hasWork(tree) && (isRunning(tree) || !isPaused())) return false;
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
