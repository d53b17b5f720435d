import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StepRecord } from '../../persistence/records.ts';
import { FlowError } from '../core/errors.ts';
import { toChildId } from '../kinds/flows/child-id.ts';
import { noItem } from '../core/address.ts';
import type { FlowState } from './flow-model.ts';
import { modelStart } from './flow-model.ts';
import { toAnswer } from './outcomes.ts';
import type { PathEvent } from './path-event.ts';
import { toPlace } from './path-event.ts';
import type { PathHost } from './path-host.ts';
import { childSignal } from './script-flow.ts';
import { toOutcomeSignal } from './scripted-machines.ts';
import type { PendingCall } from './scripted-tools.ts';

/** Makes an event happen to the runtime. What a process that has just ended answers is not looked at. */
export async function trigger(run: PathHost, event: PathEvent | undefined, after: FlowState): Promise<void> {
  const { runtime, tracked } = run.process;
  const id = run.executionId ?? '';
  const ifAlive = async (work: () => Promise<unknown>): Promise<void> => {
    let failed: unknown;
    let ended = false;
    work().then(() => (ended = true), error => ([ended, failed] = [true, error]));
    // The answer of a process that has ended never comes.
    for (let turn = 0; !ended && !tracked.left() && turn < 20_000; turn++) await nextTurn();
    if (failed !== undefined && !tracked.left()) throw failed;
  };
  if (event === undefined) {
    return ifAlive(async () => {
      const execution = await runtime.start(run.model.flow.definition.id, { input: run.input });
      run.executionId = execution.executionId;
    });
  }
  switch (event.type) {
    case 'complete':
      return requireCall(run, id, toPlace(event)).complete(run.outputOf(toPlace(event)));
    case 'fail':
      return requireCall(run, id, toPlace(event)).fail(event.retryable);
    case 'child': {
      const { plan } = run.model.flow;
      if (plan.steps[plan.positions.get(event.step) ?? -1]?.role === 'machine') return ifAlive(() => runtime.signal(id, toOutcomeSignal(toPlace(event)), { passes: event.passes, ...(event.output !== undefined && { output: event.output }) }));
      return ifAlive(() => runtime.signal(toChildId({ executionId: id, generation: 1 }, event.step, event.item ?? noItem), childSignal, { passes: event.passes, ...(event.output as object | undefined) }));
    }
    case 'signal':
      return ifAlive(() => runtime.signal(id, event.name, event.payload === undefined ? { from: event.name } : event.payload, { force: true }));
    case 'answer': {
      const step = run.model.flow.plan.steps.find(({ id: stepId }) => stepId === event.step);
      return ifAlive(() => runtime.signal(id, step?.recover?.ask?.signal ?? '', toAnswer(event.action, run.outputOf(event.step))));
    }
    case 'cancel':
      return ifAlive(() => runtime.cancel(id));
    case 'crash':
      return run.recover();
    case 'elapse':
      return elapse(run, event.due, after);
    case 'prepare':
      throw new TypeError('Expected expressions to be evaluated by the runtime itself');
  }
}

function requireCall(run: PathHost, executionId: string, place: string): Pick<PendingCall, 'complete' | 'fail'> {
  const call = run.world.pending.findLast(pending => pending.executionId === executionId && pending.place === place);
  if (call) return call;
  throw new FlowError('path_not_followed', `Expected the handler of ${place} to run, none does`, { details: { place, running: run.world.pending.map(pending => pending.place) } });
}

/** Lets time pass until what the path says is due; after a crash that may be later than on the path. */
async function elapse(run: PathHost, due: readonly string[], after: FlowState): Promise<void> {
  const { store } = run.process;
  const record = await store.getExecution(run.executionId ?? '');
  const rows = record ? await store.listSteps(record.key) : [];
  const { plan } = run.model.flow;
  const times = due.map(place => {
    if (place === 'flow') return (record?.startedAt ?? modelStart) + (plan.timeoutMs ?? 0);
    const row = rows.find(({ stepId, item }) => place === (item < 0 ? stepId : `${stepId}[${item}]`));
    return row ? toDueAt(row, plan.steps[row.position]?.timeoutMs ?? 0) : after.now;
  });
  const at = Math.max(...times);
  if (at > run.clock.now()) run.clock.advance(at - run.clock.now());
}

function toDueAt({ status, dueAt, runAt }: StepRecord, timeoutMs: number): number {
  return status === 'running' ? (runAt ?? 0) + timeoutMs : (dueAt ?? 0);
}
