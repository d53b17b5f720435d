import fc from 'fast-check';
import type { AnyStateMachine } from 'xstate';
import { checkoutMachine } from '../../../docs/examples/checkout/checkout-machine.ts';
import { parcelMachine } from '../../../docs/examples/checkout/parcel-machine.ts';
import { consensusMachine } from '../../../docs/examples/evolution/consensus-machine.ts';
import { guardianMachine } from '../../../docs/examples/evolution/guardian-machine.ts';
import { proposalMachine } from '../../../docs/examples/evolution/proposal-machine.ts';
import { consumerMachine } from '../../../machines/consumer.ts';
import { fanOutMachine } from '../../../machines/fan-out.ts';
import { flowMachine } from '../../../machines/flow.ts';
import { interactionMachine } from '../../../machines/interaction.ts';
import { messageMachine } from '../../../machines/message.ts';
import { orchestratorMachine } from '../../../machines/orchestrator.ts';
import { stepMachine } from '../../../machines/step.ts';
import { createSeededRandom } from '../../../src/core/ids.ts';
import { type Chart, listActive } from '../../../src/inspector/graph/chart.ts';
import { readChart } from '../../../src/inspector/graph/read-chart.ts';
import { randomMachine } from '../../machine-host/corpus/random-machine.ts';

export const ownMachines: readonly AnyStateMachine[] = [
  stepMachine, flowMachine, fanOutMachine, messageMachine, consumerMachine, orchestratorMachine, interactionMachine,
  checkoutMachine, parcelMachine, consensusMachine, guardianMachine, proposalMachine,
];

/** Statecharts of any shape: parallel and nested states, history, guards, delays, `always`, actors. The same for the same seed. */
export function makeRandomMachines(count: number, seed: number): AnyStateMachine[] {
  // What is only one state has no chart.
  return fc.sample(randomMachine, { seed, numRuns: count * 6 }).filter(machine => Object.keys(machine.states).length > 0).slice(0, count);
}

export function requireChart(machine: AnyStateMachine): Chart {
  const chart = readChart(machine.config);
  if (typeof chart === 'string') throw new Error(`${machine.id}: ${chart}`);
  return chart;
}

/** States that could be active together, from a seed. */
export function inventActive(chart: Chart, seed: number): Set<string> {
  const random = createSeededRandom(seed);
  const active = new Set<string>(listActive(chart, {}));
  const enter = (id: string): void => {
    active.add(id);
    const { kind, children } = chart.states.get(id)!;
    const real = children.filter(child => chart.states.get(child)!.kind !== 'history');
    if (kind === 'parallel') real.forEach(enter);
    else if (real.length > 0) enter(real[Math.floor(random.next() * real.length)]!);
  };
  enter('');
  return active;
}
