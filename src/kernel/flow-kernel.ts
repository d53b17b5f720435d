import { FlowError } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import { readStored } from '../core/stored-value.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { MachineCall } from './actor-call.ts';
import type { Changes, Effect } from './changes.ts';
import type { FlowState } from './rows.ts';
import { createChanges } from './changes.ts';
import { moveTree } from './break-tree.ts';
import type { GatheredRows } from './rows.ts';
import { collectRows, computeWakeAt, toExecutionRecord } from './rows.ts';
import { deliver, resume } from './deliver.ts';
import { compiledMachines } from './machines.ts';
import type { Message } from './messages.ts';
import { type Ping, toPing } from './runs.ts';
import { restoreTree } from './restore-tree.ts';
import type { FlowRows, StoredFlow } from './stored-flow.ts';
import { createTree, getActor, giveInput, isFanOut, toStartEvent } from './tree.ts';

export interface NewFlow {
  readonly executionId: string;
  /** A JSON value. Default `{}`. It is not checked against the flow's `input`. */
  readonly input?: unknown;
  /** Epoch ms. */
  readonly now: number;
  /** Number under which its rows are kept, from 1. Default 1. */
  readonly key?: number;
  /** Crashes during a run after which its step fails. Default 5. */
  readonly maxInterruptions?: number;
}

/** What one move of a flow leads to: rows to be stored first, effects to be carried out then. */
export interface Decision {
  readonly rows: FlowRows;
  readonly effects: readonly Effect[];
  /** What the machines of its steps are told. */
  readonly machineCalls: readonly MachineCall[];
  /** When the flow has to be looked at, epoch ms; 0: it has work in progress; null: only a message can wake it. */
  readonly wakeAt: number | null;
  /** What a machine threw: the flow has failed. */
  readonly thrown?: unknown;
}

const defaultMaxInterruptions = 5;

/**
 * Makes an execution that has not begun.
 *
 * @throws a `FlowError` with code `value_not_json` when the input is no JSON value
 */
export function createFlow(plan: FlowPlan, { executionId, input = {}, now, key = 1, maxInterruptions = defaultMaxInterruptions }: NewFlow): FlowState {
  const { id: flowId, version: flowVersion } = plan.definition;
  return {
    header: {
      key, executionId, generation: 1, flowId, flowVersion, digest: plan.digest, input: encodeJson(input, { name: 'input' }), priority: 0,
      idempotencyKey: null, parentId: null, parentStep: null, createdAt: now, seq: 0, startedAt: null, settledAt: null,
    },
    tree: createTree(compiledMachines, plan, executionId, maxInterruptions),
  };
}

/** Begins an execution that has not begun. Changes the state in place. */
export const startFlow = (state: FlowState, now: number): Decision => deliverMessage(state, { to: 'flow', event: toStartEvent(state.tree) }, now);

/**
 * Delivers what reaches an execution from outside, and everything that follows from it inside. Changes the state in place.
 *
 * Nothing is read, waited for or drawn: the same state, message and time lead to the same decision. A machine that throws
 * fails its flow with `machine_failed`.
 */
export const deliverMessage = (state: FlowState, message: Message, now: number): Decision =>
  decide(state, now, changes => deliver(compiledMachines, state.tree, message, now, changes));

/** Goes on with an execution that was read back: runs that were cut off begin again, what is due happens. Changes the state in place. */
export const resumeFlow = (state: FlowState, now: number): Decision => decide(state, now, changes => resume(compiledMachines, state.tree, now, changes));

function decide(state: FlowState, now: number, work: (changes: Changes) => void): Decision {
  const changes = createChanges();
  const broken = moveTree(compiledMachines, state, now, changes, work);
  const gathered: GatheredRows = { journal: [], steps: [], attempts: [], inputs: [], signals: { received: [], consumed: [] } };
  const consolidated = collectRows(state, changes, now, gathered);
  const execution = toExecutionRecord(state.header, state.tree, computeWakeAt(state.tree, state.header.startedAt));
  const { wakeAt } = execution;
  return { rows: { ...gathered, execution, consolidated }, effects: changes.effects, machineCalls: changes.machineCalls, wakeAt, ...broken };
}

/**
 * Reads an execution back from its rows; `resumeFlow` goes on with it.
 *
 * @param plan of the definition that it began with
 * @throws a `FlowError` with code `plan_mismatch` when it is of another definition, `store_damaged` when a row cannot be read
 */
export function restoreFlow(plan: FlowPlan, { execution, steps, inputs, signals }: StoredFlow, maxInterruptions = defaultMaxInterruptions): FlowState {
  if (execution.digest !== plan.digest) {
    throw new FlowError('plan_mismatch', `Expected the plan of the definition ${execution.digest}, with which ${execution.executionId} began, got that of ${plan.digest}`);
  }
  const { header, tree } = restoreTree(compiledMachines, plan, execution, steps, maxInterruptions);
  tree.signals = [...signals];
  const given = new Map(inputs.map(({ position, item, input }) => [`${position}.${item}`, input]));
  for (const [position, actor] of tree.actors) {
    for (const one of isFanOut(actor) ? [actor, ...actor.items.values()] : [actor]) {
      const item = 'item' in one ? one.item : -1;
      const text = given.get(`${position}.${item}`);
      if (text !== undefined) giveInput(one, readStored('inputs.input', `${header.key}/${position}/${item}`, text));
    }
  }
  return { header, tree };
}

/** What a run that an effect names is to be given, or a step that waits; undefined: it has ended meanwhile. */
export function readPing({ header, tree }: FlowState, { position, item }: { readonly position: number; readonly item: number }): Ping | undefined {
  const actor = getActor(tree, position, item);
  return actor && !isFanOut(actor) ? toPing(header, actor) : undefined;
}
