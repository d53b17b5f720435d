import type { FanOutContext, FanOutEvent, FanOutInput } from '../../machines/fan-out.ts';
import { fanOutMachine } from '../../machines/fan-out.ts';
import type { FlowContext, FlowEvent, FlowInput } from '../../machines/flow.ts';
import { flowMachine } from '../../machines/flow.ts';
import type { OrchestratorContext, OrchestratorEvent, OrchestratorInput } from '../../machines/orchestrator.ts';
import { orchestratorMachine } from '../../machines/orchestrator.ts';
import type { StepContext, StepEvent, StepInput } from '../../machines/step.ts';
import { stepMachine } from '../../machines/step.ts';
import type { MachineRunner } from '../core/machine-runner.ts';
import { compileMachine } from '../core/machine-runner.ts';

/** The machines a host runs, as pure functions. */
export interface Machines {
  readonly orchestrator: MachineRunner<OrchestratorContext, OrchestratorEvent, OrchestratorInput>;
  readonly flow: MachineRunner<FlowContext, FlowEvent, FlowInput>;
  readonly step: MachineRunner<StepContext, StepEvent, StepInput>;
  readonly fanOut: MachineRunner<FanOutContext, FanOutEvent, FanOutInput>;
}

export const compiledMachines: Machines = {
  orchestrator: compileMachine(orchestratorMachine),
  flow: compileMachine(flowMachine),
  step: compileMachine(stepMachine),
  fanOut: compileMachine(fanOutMachine),
};
