import type { Envelope } from '../../engine/kind.ts';
import type { MachineCall } from '../../kernel/actor-call.ts';

/** The machines that steps can be; none where the store keeps no actors. */
export interface StepMachines {
  readonly has: (machineId: string) => boolean;
  /** What it takes: names of events, `*` and `name.*`; undefined: it is not known here. */
  readonly listEvents: (machineId: string) => readonly string[] | undefined;
  readonly toCommand: (call: MachineCall) => Envelope;
}
