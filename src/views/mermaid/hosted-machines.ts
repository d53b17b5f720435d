import type { AnyStateMachine } from 'xstate';
import { clientConnectionMachine } from '../../../machines/client-connection.ts';
import { consumerMachine } from '../../../machines/consumer.ts';
import { fanOutMachine } from '../../../machines/fan-out.ts';
import { flowMachine } from '../../../machines/flow.ts';
import { interactionMachine } from '../../../machines/interaction.ts';
import { messageMachine } from '../../../machines/message.ts';
import { orchestratorMachine } from '../../../machines/orchestrator.ts';
import { stepMachine } from '../../../machines/step.ts';

/** The machines everything runs on, by the name people ask for them with. */
export const hostedMachines: Readonly<Record<string, AnyStateMachine>> = {
  orchestrator: orchestratorMachine,
  flow: flowMachine,
  step: stepMachine,
  fanOut: fanOutMachine,
  interaction: interactionMachine,
  message: messageMachine,
  consumer: consumerMachine,
  clientConnection: clientConnectionMachine,
};
