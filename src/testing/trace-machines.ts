import type { AnyStateMachine, EventObject } from 'xstate';
import { fanOutMachine } from '../../machines/fan-out.ts';
import { flowMachine } from '../../machines/flow.ts';
import { stepMachine } from '../../machines/step.ts';
import type { MachineRunner } from '../core/machine-runner.ts';
import type { Machines } from '../kernel/machines.ts';
import { compiledMachines } from '../kernel/machines.ts';

/** A transition that was asked for: which candidate of the event was taken, and from where. */
export interface TracedTransition {
  readonly event: object;
  readonly from: string;
  readonly to: string;
  /** `step.settled [isLast]`: the event, and the guard that let it pass. */
  readonly label: string;
}

interface Candidate {
  readonly guard: string | undefined;
  readonly label: string;
}

type AnyRunner = MachineRunner<object, EventObject, object>;
type Guard = (args: { context: object; event: EventObject }) => boolean;

/** Machines that write down which of their transitions were taken. */
export function traceMachines(trace: TracedTransition[]): Machines {
  const { orchestrator, flow, step, fanOut } = compiledMachines;
  return {
    orchestrator,
    flow: traceRunner(flowMachine, flow as unknown as AnyRunner, trace) as unknown as Machines['flow'],
    step: traceRunner(stepMachine, step as unknown as AnyRunner, trace) as unknown as Machines['step'],
    fanOut: traceRunner(fanOutMachine, fanOut as unknown as AnyRunner, trace) as unknown as Machines['fanOut'],
  };
}

function traceRunner(machine: AnyStateMachine, runner: AnyRunner, trace: TracedTransition[]): AnyRunner {
  const guards = machine.implementations.guards as unknown as Record<string, Guard>;
  const tables = new Map(Object.entries(machine.root.states).map(([state, node]) => [state, listCandidates(node.transitions)]));
  return {
    ...runner,
    transition(snapshot, event, effects) {
      const after = runner.transition(snapshot, event, effects);
      if (after === snapshot) return after;
      const candidates = tables.get(snapshot.value)?.get(event.type) ?? [];
      const taken = candidates.find(({ guard }) => guard === undefined || guards[guard]?.({ context: snapshot.context, event }));
      trace.push({ event, from: snapshot.value, to: after.value, label: taken?.label ?? event.type });
      return after;
    },
  };
}

function listCandidates(transitions: ReadonlyMap<string, readonly { readonly guard?: unknown }[]>): Map<string, Candidate[]> {
  return new Map(
    [...transitions].map(([type, list]) => [
      type,
      list.map(({ guard }) => ({ guard: guard as string | undefined, label: guard === undefined ? type : `${type} [${String(guard)}]` })),
    ]),
  );
}
