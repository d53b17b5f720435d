import type { Explanation, MachineRunner, Snapshot } from '../core/machine-runner.ts';
import type { Machines } from './machines.ts';

/** A transition that was taken, or ignored, and why. */
export interface Explained {
  readonly event: object;
  readonly before: Snapshot<unknown>;
  readonly after: Snapshot<unknown>;
  readonly why: Explanation | undefined;
}

/** The same machines, which say of every transition why it is taken. */
export function explainMachines(machines: Machines, note: (explained: Explained) => void): Machines {
  const explain = <Context, Event extends { type: string }, Input>(runner: MachineRunner<Context, Event, Input>): MachineRunner<Context, Event, Input> => ({
    ...runner,
    transition: (before, event, effects) => {
      const why = runner.explain(before, event);
      const after = runner.transition(before, event, effects);
      note({ event, before, after, why });
      return after;
    },
  });
  return { orchestrator: explain(machines.orchestrator), flow: explain(machines.flow), step: explain(machines.step), fanOut: explain(machines.fanOut) };
}
