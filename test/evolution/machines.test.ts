import type { AnyStateMachine, EventObject } from 'xstate';
import { describe, expect, it } from 'vitest';
import { consensusMachine } from '../../docs/examples/evolution/consensus-machine.ts';
import { guardianMachine } from '../../docs/examples/evolution/guardian-machine.ts';
import { proposalMachine } from '../../docs/examples/evolution/proposal-machine.ts';
import { findDeviation, makeGoldenPaths } from '../machines/golden-paths.ts';
import { listMutants } from '../machines/mutants.ts';

const vote = (instanceId: string, approve: boolean, confidence: number): EventObject => ({ type: 'vote.cast', instanceId, approve, confidence } as EventObject);
const healthy = { type: 'metrics.reported', successRate: 1, errorRate: 0, latencyP95Ms: 100, costCents: 1 };

const machines: readonly { readonly name: string; readonly machine: AnyStateMachine; readonly events: (state: unknown) => readonly EventObject[] }[] = [
  {
    name: 'proposal',
    machine: proposalMachine,
    events: () => [
      { type: 'consensus.requested' }, { type: 'consensus.reached' }, { type: 'consensus.failed', reason: 'no' } as EventObject, { type: 'execution.started' },
      { type: 'execution.completed', replacedVersion: 3 } as EventObject, { type: 'execution.failed', reason: 'broken' } as EventObject, { type: 'rollback.completed', reason: 'worse' } as EventObject,
    ],
  },
  {
    name: 'consensus',
    machine: consensusMachine,
    events: () => [vote('a', true, 0.9), vote('b', true, 0.9), vote('c', true, 0.9), vote('a', false, 0.95), vote('b', true, 0.5), { type: 'deadline.passed' }],
  },
  {
    name: 'guardian',
    machine: guardianMachine,
    // Other numbers in another state, so that each report shows in the context.
    events: state => [{ ...healthy, costCents: state === 'healthy' ? 1 : 2 }, { ...healthy, successRate: 0.89 }, { ...healthy, latencyP95Ms: state === 'healthy' ? 3_001 : 4_000 }, { type: 'rollback.confirmed' }],
  },
];

describe.each(machines)('the $name machine of the evolution example', ({ machine, events }) => {
  const made = makeGoldenPaths({ machine, inputs: [{}], events: ({ value }) => events(value) });

  it('takes every transition and every outcome of its guards on generated paths', () => {
    expect(made.uncovered).toEqual([]);
  });

  it('cannot be changed without a path failing', () => {
    expect(findDeviation(machine, made.paths)).toBeUndefined();
    const survivors = listMutants(machine).filter(mutant => findDeviation(mutant.machine, made.paths) === undefined);
    expect(survivors.map(({ name }) => name)).toEqual([]);
  });
});
