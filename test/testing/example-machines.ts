import type { AnyStateMachine } from 'xstate';
import { approval } from '../../docs/examples/approval-machine.tools.ts';
import { checkoutMachine } from '../../docs/examples/checkout/checkout-machine.ts';
import { parcelMachine } from '../../docs/examples/checkout/parcel-machine.ts';
import { consensusMachine } from '../../docs/examples/evolution/consensus-machine.ts';
import { guardianMachine } from '../../docs/examples/evolution/guardian-machine.ts';
import { proposalMachine } from '../../docs/examples/evolution/proposal-machine.ts';
import type { MachinePathOptions } from '../../src/testing/machine-paths.ts';

const good = { type: 'metrics.reported', successRate: 0.99, errorRate: 0, latencyP95Ms: 100, costCents: 1 };
const vote = (instanceId: string, approve: boolean, confidence = 0.88): object => ({ type: 'vote.cast', instanceId, approve, confidence });

/** The machines of the examples, each with what may happen to it. */
export const exampleMachines = [
  [approval, { input: { what: 'a list' }, events: ['Ada', 'Bob'].flatMap(by => [{ type: 'approve', by }, { type: 'refuse', by }]) }],
  [checkoutMachine, { input: { amountCents: 4_200 }, services: { pay: { done: [{ receipt: 'r1', amountCents: 4_200 }], error: [new Error('declined')] } } }],
  [parcelMachine, {}],
  [consensusMachine, { events: [vote('a', true), vote('b', true), vote('c', true), vote('a', false, 0.95), vote('b', false), { type: 'deadline.passed' }] }],
  [guardianMachine, { events: [good, { ...good, costCents: 99 }, { ...good, costCents: 50 }, { ...good, successRate: 0.1 }, { type: 'rollback.confirmed' }] }],
  [proposalMachine, {
    events: ['consensus.requested', 'consensus.reached', 'consensus.failed', 'execution.started', 'execution.completed', 'execution.failed', 'rollback.completed']
      .map(type => ({ type, reason: `after ${type}`, replacedVersion: 2 })),
  }],
] as unknown as readonly (readonly [AnyStateMachine, MachinePathOptions<AnyStateMachine>])[];
