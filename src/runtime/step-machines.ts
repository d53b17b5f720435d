import type { MachineCall } from './machine-call.ts';
import type { ToParticipant } from './participant.ts';

/** The machines that steps can be; none where the store keeps no actors. */
export interface StepMachines {
  readonly has: (machineId: string) => boolean;
  readonly toMessage: (call: MachineCall) => ToParticipant;
}
