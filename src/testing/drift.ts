import type { StepRecord } from '../../persistence/records.ts';
import { getSignalName } from '../kernel/tree.ts';
import type { StepActor } from '../kernel/tree.ts';
import type { FlowState } from './flow-model.ts';
import { toAnswer } from './outcomes.ts';
import type { PathEvent } from './path-event.ts';
import { toPlace } from './path-event.ts';
import type { PathHost } from './path-host.ts';
import { childSignal } from './script-flow.ts';
import { toOutcomeSignal } from './scripted-machines.ts';
import type { PendingCall } from './scripted-tools.ts';
import { toChildId } from '../kinds/flows/child-id.ts';
import { noItem } from '../core/address.ts';

type Answered = Extract<PathEvent, { type: 'answer' }>['action'];
type Decision = 'complete' | 'fail' | 'fail for good' | 'wait';

/** What a path decides, whatever the order in which it comes up. */
export interface Decisions {
  /** By place and attempt, `balance 2`. */
  readonly byAttempt: ReadonlyMap<string, Decision>;
  readonly signals: readonly { readonly name: string; readonly payload: unknown }[];
  /** What child flows and machines give, by place. */
  readonly outputs: ReadonlyMap<string, unknown>;
  /** What steps were begun with, by place. */
  readonly inputs: ReadonlyMap<string, unknown>;
  /** What a person says to a step that asks, in order. */
  readonly answers: ReadonlyMap<string, readonly Answered[]>;
  readonly cancels: boolean;
  /** Whether the end depends on the order in which the decisions come up. */
  readonly orderMatters: boolean;
}

/** Reads from a path what each attempt comes to. */
export function toDecisions(events: readonly PathEvent[], states: readonly FlowState[]): Decisions {
  const byAttempt = new Map<string, Decision>();
  const signals: { name: string; payload: unknown }[] = [];
  const outputs = new Map<string, unknown>();
  const answers = new Map<string, Answered[]>();
  for (const [index, event] of events.entries()) {
    const { rows } = states[index] as FlowState;
    const note = (place: string, decision: Decision): unknown => byAttempt.set(`${place} ${rows.get(place)?.attempt ?? 1}`, decision);
    if (event.type === 'complete') note(toPlace(event), 'complete');
    else if (event.type === 'fail') note(toPlace(event), event.retryable ? 'fail' : 'fail for good');
    else if (event.type === 'child') {
      note(toPlace(event), event.passes ? 'complete' : 'fail for good');
      if (event.output !== undefined) outputs.set(toPlace(event), event.output);
    }
    else if (event.type === 'signal') signals.push({ name: event.name, payload: event.payload === undefined ? { from: event.name } : event.payload });
    else if (event.type === 'answer') answers.set(event.step, [...(answers.get(event.step) ?? []), event.action]);
    else if (event.type === 'elapse') for (const place of event.due) if (place !== 'flow' && rows.get(place)?.status !== 'retrying') note(place, 'wait');
  }
  const last = states.at(-1) as FlowState;
  const { mode, timeoutMs } = last.tree.plan;
  const cancels = events.some(({ type }) => type === 'cancel');
  const spoilt = [...last.rows.values()].filter(({ status }) => status === 'failed');
  const orderMatters = cancels || timeoutMs !== null || (mode === 'strict' && spoilt.length > 0) || (mode !== 'lenient' && spoilt.some(({ item }) => item >= 0));
  return { byAttempt, signals, outputs, inputs: last.inputs, answers, cancels, orderMatters };
}

/**
 * Brings a flow to its end after a crash has changed who goes first: times and slots are given out anew.
 *
 * @returns false when nothing more would ever happen
 */
export async function drift(run: PathHost, decisions: Decisions): Promise<boolean> {
  const { byAttempt, signals, answers, cancels } = decisions;
  const id = run.executionId ?? '';
  const sent = new Set<object>();
  const answered = new Map<string, number>();
  for (let round = 0; round < 10_000; round++) {
    await run.rest();
    const { runtime, store } = run.process;
    const record = await store.getExecution(id);
    if (!record || record.settledAt !== null) return record !== undefined;
    if (cancels) {
      await runtime.cancel(id);
      continue;
    }
    const rows = await store.listSteps(record.key);
    if (run.world.pending.some(call => answer(call, run, byAttempt))) continue;
    if (await tellChild(run, rows, decisions)) continue;
    if (await answerAsked(run, rows, answers, answered)) continue;
    const signal = findSignal(run, rows, decisions, signals.filter(wanted => !sent.has(wanted)));
    if (signal) {
      sent.add(signal);
      await runtime.signal(id, signal.name, signal.payload, { force: true });
      continue;
    }
    const at = run.clock.nextTimerAt();
    if (at === undefined) return false;
    run.clock.advance(Math.max(0, at - run.clock.now()));
  }
  return false;
}

/** Answers a handler, unless the path lets it run out of time. */
function answer(call: PendingCall, run: PathHost, byAttempt: Decisions['byAttempt']): boolean {
  const decision = byAttempt.get(`${call.place} ${call.attempt}`) ?? 'complete';
  if (decision === 'wait') return false;
  if (decision === 'complete') call.complete(run.outputOf(call.place));
  else call.fail(decision === 'fail');
  return true;
}

/** Answers a step that asks what to do, unless the path lets it wait in vain. */
async function answerAsked(run: PathHost, rows: readonly StepRecord[], answers: Decisions['answers'], answered: Map<string, number>): Promise<boolean> {
  for (const { status, stepId, recovery, position } of rows) {
    if (status !== 'waiting' || recovery !== 'ask') continue;
    const action = answers.get(stepId)?.[answered.get(stepId) ?? 0];
    if (action === undefined) continue;
    answered.set(stepId, (answered.get(stepId) ?? 0) + 1);
    await run.process.runtime.signal(run.executionId ?? '', run.model.flow.plan.steps[position]?.recover?.ask?.signal ?? '', toAnswer(action, run.outputOf(stepId)));
    return true;
  }
  return false;
}

/** Tells a flow or a machine that a step waits for how to end, if it still has to be told. */
async function tellChild(run: PathHost, rows: readonly StepRecord[], { byAttempt, outputs }: Decisions): Promise<boolean> {
  const { runtime, store } = run.process;
  for (const { status, stepId, item, position } of rows) {
    const role = run.model.flow.plan.steps[position]?.role;
    if (status !== 'waiting' || (role !== 'flow' && role !== 'machine')) continue;
    const place = item < 0 ? { step: stepId } : { step: stepId, item };
    const decision = byAttempt.get(`${toPlace(place)} 1`) ?? 'complete';
    const output = outputs.get(toPlace(place));
    if (role === 'machine') {
      if (decision === 'wait') continue;
      await runtime.signal(run.executionId ?? '', toOutcomeSignal(toPlace(place)), { passes: decision === 'complete', ...(output !== undefined && { output }) });
      return true;
    }
    const childId = toChildId({ executionId: run.executionId ?? '', generation: 1 }, place.step, place.item ?? noItem);
    const child = decision === 'wait' ? undefined : await store.getExecution(childId);
    const [first] = child && child.settledAt === null ? await store.listSteps(child.key) : [];
    if (first?.status !== 'waiting') continue;
    await runtime.signal(childId, childSignal, { passes: decision === 'complete', ...(output as object | undefined) });
    return true;
  }
  return false;
}

function findSignal(run: PathHost, rows: readonly StepRecord[], { inputs }: Decisions, wanted: Decisions['signals']): Decisions['signals'][number] | undefined {
  for (const row of rows) {
    const step = run.model.flow.plan.steps[row.position];
    if (row.status !== 'waiting' || step?.role !== 'signal') continue;
    // What it was begun with when its name is not a constant; on paths by script that is not told.
    const input = step.with?.constant === false ? inputs.get(row.stepId) : undefined;
    const actor = { step, input, snapshot: { context: { recovery: null } } } as unknown as StepActor;
    const signal = wanted.find(({ name }) => name === getSignalName(actor));
    if (signal) return signal;
  }
  return undefined;
}
