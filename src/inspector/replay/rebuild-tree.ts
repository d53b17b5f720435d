import type { ExecutionRecord, StepRecord } from '../../../persistence/records.ts';
import { toLocalAddress } from '../../core/address.ts';
import { createChanges, type Changes } from '../../kernel/changes.ts';
import { resume } from '../../kernel/deliver.ts';
import { compiledMachines } from '../../kernel/machines.ts';
import { toCounters } from '../../kernel/rows.ts';
import { restoreTree } from '../../kernel/restore-tree.ts';
import { createTree, type FlowTree, getActor, giveInput } from '../../kernel/tree.ts';
import type { InspectedExecution, InspectedRow } from '../document/inspected-execution.ts';
import type { ActorState, History } from './history.ts';

/** Another generation's key, for rows that were kept of it: any that is not this one's. */
const ownKey = 1;
const earlierKey = 2;

function toItem(address: string): number {
  const bracket = address.indexOf('[');
  return bracket < 0 ? -1 : Number(address.slice(bracket + 1, -1));
}

/** When an actor began, when its latest run or wait did, and when it ended, up to a transition. */
function readTimes(history: History, address: string, seq: number): Pick<StepRecord, 'startedAt' | 'runAt' | 'settledAt'> {
  let startedAt: number | null = null;
  let runAt: number | null = null;
  let settledAt: number | null = null;
  for (const move of history.listMoves(address)) {
    if (move > seq) break;
    const state = history.getState(address, move);
    const at = history.getTransition(move)?.at ?? 0;
    if (state?.value === 'running' || state?.value === 'waiting') {
      startedAt ??= at;
      runAt = at;
    }
    if (state?.status === 'done') settledAt = Math.max(at, startedAt ?? 0);
  }
  return { startedAt, runAt, settledAt };
}

function toStepRow(history: History, address: string, state: ActorState, seq: number): StepRecord | undefined {
  const step = history.findStep(address);
  if (!step) return undefined;
  const isFanOut = history.toMachine(address) === 'fanOut';
  const { run = 0, attempt = 0, interruptions = 0, dueAt = null, recovery = null, failure = null, ...counters } = state.context as Partial<StepRecord>;
  return {
    executionKey: ownKey, position: step.position, item: toItem(address), stepId: step.id, status: state.value, run, attempt, interruptions, dueAt, recovery, failure,
    counters: isFanOut ? JSON.stringify(counters) : null, originKey: null, originPosition: null, stale: false, ...readTimes(history, address, seq),
  } as StepRecord;
}

const toKeptRow = ({ kept: _kept, ...row }: InspectedRow): StepRecord => ({ ...row, executionKey: ownKey, originKey: earlierKey, originPosition: row.position }) as StepRecord;

/**
 * The tree of a flow as it was after a transition, made by the function that reads flows back from a database, with
 * replayed states in place of rows. Signals that had come and that nobody had taken yet are not in the journal: it has none.
 *
 * @returns the tree, and what a host would have to do for what it was about to do
 */
export function rebuildTree(history: History, { execution, inputs, steps }: InspectedExecution, seq: number): { readonly tree: FlowTree; readonly changes: Changes; readonly now: number } {
  const { plan, maxInterruptions } = history;
  const kept = steps.filter(row => row.kept).map(toKeptRow);
  const flow = history.getState('', seq);
  const now = history.getTransition(seq)?.at ?? execution.createdAt;
  const bare = createTree(compiledMachines, plan, execution.executionId, maxInterruptions, execution.generation);
  const context = toCounters({ ...bare, flow: (flow ?? bare.flow) as FlowTree['flow'] });
  const { failure = null, score = null, passed = null } = (flow?.context ?? {}) as Partial<ExecutionRecord>;
  const record = { ...execution, key: ownKey, input: execution.input.text, status: flow?.value ?? 'pending', context, wakeAt: null, seq, score, passed, failure } as unknown as ExecutionRecord;
  const rows: StepRecord[] = [...kept];
  for (const address of history.addresses) {
    const state = address === '' ? undefined : history.getState(address, seq);
    const row = state && toStepRow(history, address, state, seq);
    if (row) rows.push(row);
  }
  const { tree } = restoreTree(compiledMachines, plan, record, record.status === 'pending' ? kept : rows, maxInterruptions);
  for (const { position, item, input } of inputs) {
    const actor = getActor(tree, position, item);
    if (actor && input.text.length === input.length && actor.snapshot.value !== 'pending') giveInput(actor, JSON.parse(input.text));
  }
  const changes = createChanges();
  // What ran and waited does so still; slots that were given out are given out again.
  if (tree.flow.value === 'stepping') resume(compiledMachines, tree, 0, changes, false);
  return { tree, changes, now };
}

/** Address of a place in a plan. */
export const toPlaceAddress = ({ plan }: FlowTree, position: number, item: number): string => toLocalAddress(plan.steps[position]?.id ?? '', item);
