import type { StepRecord } from '../../persistence/records.ts';
import { createFailure } from '../core/failure.ts';
import type { StepFailure } from '../core/failure.ts';
import type { FlowPlan } from '../definition/plan.ts';
import { startWait } from '../definition/step-kinds.ts';
import type { Changes } from '../kernel/changes.ts';
import { createChanges } from '../kernel/changes.ts';
import { toConsolidated } from '../kernel/consolidated-record.ts';
import { deliver, resume } from '../kernel/deliver.ts';
import type { Machines } from '../kernel/machines.ts';
import type { Message, Prepared } from '../kernel/messages.ts';
import { conditionFalse } from '../kernel/messages.ts';
import { toExecutionRecord, toStepRecord } from '../kernel/rows.ts';
import { restoreTree } from '../kernel/restore-tree.ts';
import type { FanOutActor, FlowTree, StepActor } from '../kernel/tree.ts';
import { copyTree, createTree, getActor, isFanOut, toStartEvent } from '../kernel/tree.ts';
import { noItem, toLocalAddress } from '../core/address.ts';
import { listDue } from './due.ts';
import { scriptedCode, toAnswer, toFailed, toOutput } from './outcomes.ts';
import type { PathEvent } from './path-event.ts';
import type { Script, ScriptedFlow } from './script-flow.ts';
import { toList } from './script-flow.ts';
import type { TracedTransition } from './trace-machines.ts';
import { traceMachines } from './trace-machines.ts';

/** Where a flow stands on a path: its tree of actors, what would be stored, the time. */
export interface FlowState {
  readonly status: 'active' | 'done';
  readonly tree: FlowTree;
  /** Epoch ms. */
  readonly now: number;
  /** Rows as they are stored, by address. */
  readonly rows: ReadonlyMap<string, StepRecord>;
  /** What expressions came to so far. */
  readonly script: Script;
  /** Outputs of what completed, JSON text by address. */
  readonly outputs: ReadonlyMap<string, string>;
  /** What was begun last at an address was begun with. */
  readonly inputs: ReadonlyMap<string, unknown>;
  /** What was asked to be evaluated, and may have been since; see `listPreparing`. */
  readonly asked: readonly { readonly position: number; readonly item: number }[];
  /** Transitions that led here from the state before. */
  readonly items: readonly string[];
  readonly transitions: number;
  /** Expressions have been evaluated since something last happened from outside. */
  readonly evaluated: boolean;
}

export interface FlowModel {
  readonly flow: ScriptedFlow;
  readonly initial: FlowState;
  /** Pure: the state before is left as it is. */
  transition(state: FlowState, event: PathEvent): FlowState;
  /** The expressions of a step have been evaluated, and came to this. */
  prepare(state: FlowState, position: number, item: number, prepared: Prepared): FlowState;
}

/** When every path begins, epoch ms. */
export const modelStart = 1_767_225_600_000;
/** Crashes after which a step fails on a path. Two, so that paths stay short. */
export const modelMaxInterruptions = 2;

/** The host's pure kernel over a flow's whole tree, as a model whose events are the steps' possible outcomes. */
export function createFlowModel(flow: ScriptedFlow): FlowModel {
  const trace: TracedTransition[] = [];
  const machines = traceMachines(trace);
  const { plan } = flow;
  const step = (state: Omit<FlowState, 'items' | 'status'>, work: (changes: Changes) => void): FlowState => {
    trace.length = 0;
    const changes = createChanges();
    const { tree } = state;
    work(changes);
    refuseSignals(machines, tree, state.now, changes);
    const rows = new Map(state.rows);
    const inputs = new Map(state.inputs);
    for (const actor of changes.actors) {
      const address = toLocalAddress(actor.step.id, isFanOut(actor) ? noItem : actor.item);
      rows.set(address, toStepRecord(1, actor));
      if (isBegun(actor)) inputs.set(address, actor.input === undefined ? actor.step.with?.value : actor.input);
    }
    const outputs = new Map(state.outputs);
    for (const { position, item, status, output } of changes.attempts) {
      if (status === 'completed' && output !== null) outputs.set(toLocalAddress(plan.steps[position]?.id ?? '', item), output);
    }
    // The runtime does so by itself: what only it can read and run is left out on paths.
    if (tree.flow.value === 'consolidating') deliver(machines, tree, toConsolidated(tree, { assertions: [] }), state.now, changes);
    const items = [...toItems(changes, trace), ...listJoins(plan, changes, tree)];
    const asked = toPlaces([...listPreparing({ tree, asked: state.asked }), ...listPreparing({ tree, asked: changes.effects.filter(effect => effect.type === 'prepare') })]);
    return { ...state, status: tree.flow.status, rows, inputs, outputs, asked, items, transitions: state.transitions + changes.entries.length };
  };
  const begun = createTree(machines, plan, 'path', modelMaxInterruptions);
  const empty = { tree: begun, now: modelStart, rows: new Map<string, StepRecord>(), inputs: new Map(), outputs: new Map(), asked: [], script: {}, transitions: 0, evaluated: false };
  return {
    flow,
    initial: step(empty, changes => deliver(machines, begun, { to: 'flow', event: toStartEvent(begun) }, modelStart, changes)),
    transition(before, event) {
      const state = { ...before, evaluated: event.type === 'prepare' };
      if (event.type === 'crash') return crash(machines, state, step);
      const tree = copyTree(state.tree);
      if (event.type === 'elapse') {
        const due = listDue(state.tree, modelStart);
        const now = Math.max(state.now, due[0]?.at ?? state.now);
        return step({ ...state, tree, now }, changes => due.forEach(({ message }) => deliver(machines, tree, message(now), now, changes)));
      }
      const script = event.type === 'prepare' ? noteScript(state.script, event) : state.script;
      return step({ ...state, tree, script }, changes => deliver(machines, tree, toMessage(flow, state, event), state.now, changes));
    },
    prepare(before, position, item, prepared) {
      const tree = copyTree(before.tree);
      return step({ ...before, tree, evaluated: true }, changes => deliver(machines, tree, { to: 'prepared', position, item, prepared }, before.now, changes));
    },
  };
}

/** Steps and items whose expressions are being evaluated, in the order in which that was asked for. */
export function listPreparing({ tree, asked }: Pick<FlowState, 'tree' | 'asked'>): (StepActor | FanOutActor)[] {
  return asked.map(({ position, item }) => getActor(tree, position, item)).filter(actor => actor !== undefined && actor.snapshot.value === 'pending' && actor.holdsSlot) as (StepActor | FanOutActor)[];
}

const toPlaces = (actors: readonly (StepActor | FanOutActor)[]): FlowState['asked'] => actors.map(actor => ({ position: actor.step.position, item: isFanOut(actor) ? noItem : actor.item }));

/** Whether a handler runs, or what the step waits for has been begun. */
function isBegun(actor: StepActor | FanOutActor): actor is StepActor {
  if (isFanOut(actor)) return false;
  const { value, context } = actor.snapshot;
  return value === 'running' || (value === 'waiting' && context.recovery === null);
}

/** The machines on paths take nothing but what is addressed to them. */
function refuseSignals(machines: Machines, tree: FlowTree, now: number, changes: Changes): void {
  for (const call of changes.machineCalls) {
    if (call.type === 'signal') deliver(machines, tree, { to: 'signal', signal: call.signal, refused: 'now' }, now, changes);
  }
}

/** Reads the tree back from what would be stored, as a successor does. */
function crash(machines: Machines, state: FlowState, step: (state: Omit<FlowState, 'items' | 'status'>, work: (changes: Changes) => void) => FlowState): FlowState {
  const { tree: before, now } = state;
  const header = { key: 1, executionId: 'path', generation: 1, flowId: '', flowVersion: '', digest: '', input: '{}', priority: 0, idempotencyKey: null, parentId: null, parentStep: null, createdAt: modelStart, seq: 0, startedAt: modelStart, settledAt: null };
  const record = toExecutionRecord(header, before, 0);
  const { tree } = restoreTree(machines, before.plan, record, toSorted([...state.rows.values()]), modelMaxInterruptions);
  tree.signals = [...before.signals];
  for (const [position, actor] of tree.actors) if (isFanOut(actor)) actor.list = (before.actors.get(position) as typeof actor).list;
  return step({ ...state, tree, asked: [] }, changes => resume(machines, tree, now, changes));
}

/** In the order in which a store gives them. */
function toSorted(rows: readonly StepRecord[]): StepRecord[] {
  return rows.toSorted((a, b) => a.position - b.position || a.item - b.item);
}

function noteScript(script: Script, event: Extract<PathEvent, { type: 'prepare' }>): Script {
  const known = script[event.step] ?? {};
  const { item, result, items } = event;
  if (item !== undefined) return result === 'fail' ? { ...script, [event.step]: { ...known, failingItems: [...(known.failingItems ?? []), item] } } : script;
  return { ...script, [event.step]: { ...known, when: result !== 'skip', fails: result === 'fail', ...(items !== undefined && { items }) } };
}

function toMessage({ plan }: ScriptedFlow, state: FlowState, event: Exclude<PathEvent, { type: 'elapse' | 'crash' }>): Message {
  if (event.type === 'cancel') return { to: 'flow', event: { type: 'flow.cancel', failure: createFailure('cancelled', 'Cancelled') } };
  if (event.type === 'signal') {
    const number = state.transitions + 1;
    return { to: 'signal', signal: { executionKey: 1, number, name: event.name, payload: event.payload === undefined ? toOutput(event.name) : JSON.stringify(event.payload), receivedAt: state.now } };
  }
  const position = plan.positions.get(event.step) as number;
  if (event.type === 'answer') {
    const name = plan.steps[position]?.recover?.ask?.signal ?? '';
    return { to: 'signal', signal: { executionKey: 1, number: state.transitions + 1, name, payload: JSON.stringify(toAnswer(event.action, event.output === undefined ? { from: event.step } : event.output)), receivedAt: state.now } };
  }
  const item = 'item' in event && event.item !== undefined ? event.item : noItem;
  if (event.type === 'prepare') return { to: 'prepared', position, item, prepared: toPrepared(state, position, event) };
  if (event.type === 'child') {
    const isMachine = plan.steps[position]?.role === 'machine';
    const failure = createFailure(isMachine ? scriptedCode : 'child_failed', 'It did not pass');
    return { to: 'step', position, item, event: { type: 'child.settled', ...(!event.passes && { failure }) }, ...(event.passes && { output: JSON.stringify(isMachine ? (event.output ?? null) : toChildOutput(event)) }) };
  }
  const actor = getActor(state.tree, position, item) as StepActor;
  const { run, attempt } = actor.snapshot.context;
  if (event.type === 'complete') return { to: 'step', position, item, event: { type: 'attempt.completed', run }, output: event.output === undefined ? toOutput(toLocalAddress(event.step, item)) : JSON.stringify(event.output) };
  const failure = { code: scriptedCode, message: 'The script says so', retryable: event.retryable };
  return { to: 'step', position, item, event: toFailed(actor, run, attempt, failure, state.now) };
}

/** What the stand-in for a child flow comes to; null where nothing asks. */
function toChildOutput(event: Extract<PathEvent, { type: 'child' }>): unknown {
  if (event.output === undefined) return null;
  const executionId = `path.${event.step}${event.item === undefined ? '' : `.${event.item}`}`;
  return { executionId, status: 'scored', passed: true, score: 1, ...(event.output as object) };
}

function toPrepared({ tree, now }: FlowState, position: number, { item, result, items = 0 }: Extract<PathEvent, { type: 'prepare' }>): Prepared {
  const step = tree.plan.steps[position] as (typeof tree.plan.steps)[number];
  if (result === 'skip') return { type: 'skip', failure: createFailure(conditionFalse, 'Its condition `when` is not met') };
  if (result === 'fail') return { type: 'fail', failure: createFailure('expression_failed', 'The script says so') };
  if (step.forEach && item === undefined) {
    const value = step.forEach.constant ? (step.forEach.value as unknown[]) : toList(items);
    return { type: 'start', list: { value, json: JSON.stringify(value) } };
  }
  const dueAt = startWait(step, step.with?.value, now);
  return { type: 'start', ...(dueAt !== undefined && { dueAt }) };
}

const causes: { readonly [code: string]: string } = {
  step_timeout: ' (timed out)', wait_timeout: ' (timed out)', [conditionFalse]: ' (by its condition)', flow_halted: ' (the flow has halted)', alternative_not_needed: ' (not needed)',
};

/** Why it happened, where the same transition may have several reasons: an excluded step is not one whose upstream has failed. */
function nameCause(event: object): string {
  const { failure } = event as { failure?: StepFailure };
  if (failure?.code === 'upstream_failed') return ` (for ${String(failure.details?.['upstream'])})`;
  return causes[failure?.code ?? ''] ?? '';
}

/** Names of the transitions that were taken; items of a `for_each` step count as one. */
function toItems({ entries }: Changes, trace: readonly TracedTransition[]): string[] {
  const items: string[] = [];
  let index = 0;
  for (const [address, event] of entries) {
    const taken = trace[index];
    if (taken?.event !== event) continue;
    index++;
    items.push(`${address === '' ? 'flow' : address.replace(/\[\d+\]$/, '[*]')}: ${taken.from} – ${taken.label}${nameCause(event)} → ${taken.to}`);
  }
  return items;
}

/** Steps that began although something they depend on did not complete: each such branch of a join is something to cover. */
function listJoins(plan: FlowPlan, { entries }: Changes, tree: FlowTree): string[] {
  return entries.flatMap(([address, event]) => {
    if (event.type !== 'step.start' || address.includes('[')) return [];
    return (plan.steps[plan.positions.get(address) ?? -1]?.dependsOn ?? []).flatMap(position => {
      const status = tree.settled[position];
      return status === 'completed' || status == null ? [] : [`${address}: begins although ${plan.steps[position]?.id} is ${status}`];
    });
  });
}
