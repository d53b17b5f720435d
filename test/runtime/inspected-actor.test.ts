import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine, InspectionEvent } from 'xstate';
import { createActor } from 'xstate';
import { fanOutMachine } from '../../machines/fan-out.ts';
import { flowMachine } from '../../machines/flow.ts';
import { orchestratorMachine } from '../../machines/orchestrator.ts';
import { stepMachine } from '../../machines/step.ts';
import { createFailure } from '../../src/core/failure.ts';
import { InspectedActor } from '../../src/kinds/flows/inspected-actor.ts';
import type { MachineRunner, Snapshot } from '../../src/core/machine-runner.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';

interface Subject {
  readonly machine: AnyStateMachine;
  readonly runner: MachineRunner<unknown, { type: string }, unknown>;
  readonly input: fc.Arbitrary<unknown>;
  readonly event: fc.Arbitrary<{ type: string }>;
}

const failure = fc.boolean().map(retryable => ({ ...createFailure('x', 'X'), retryable }));
const small = fc.integer({ min: 0, max: 3 });
const toSubject = (machine: unknown, runner: unknown, input: fc.Arbitrary<unknown>, event: fc.Arbitrary<{ type: string }>): Subject =>
  ({ machine, runner, input, event }) as Subject;

const subjects: Readonly<Record<string, Subject>> = {
  step: toSubject(
    stepMachine,
    compiledMachines.step,
    fc.record({ kind: fc.constantFrom('task', 'sleep', 'signal', 'flow'), maxAttempts: fc.integer({ min: 1, max: 3 }), maxInterruptions: fc.integer({ min: 1, max: 3 }) }),
    fc.oneof(
      fc.record({ type: fc.constantFrom('step.start', 'step.release', 'signal.received') }),
      fc.record({ type: fc.constantFrom('step.skip', 'step.fail', 'step.cancel', 'timer.fired', 'child.settled'), failure }),
      fc.record({ type: fc.constantFrom('timer.fired', 'child.settled') }),
      fc.record({ type: fc.constantFrom('attempt.completed', 'attempt.interrupted', 'attempt.failed'), run: small, failure, retryAt: small }),
    ),
  ),
  flow: toSubject(
    flowMachine,
    compiledMachines.flow,
    fc.record({ total: fc.integer({ min: 1, max: 3 }), concurrency: fc.integer({ min: 1, max: 3 }), mode: fc.constantFrom('strict', 'conditional', 'lenient') }),
    fc.oneof(
      fc.record({ type: fc.constant('flow.start'), ready: small }),
      fc.record({ type: fc.constantFrom('flow.cancel', 'flow.expire', 'consolidation.failed'), failure }),
      fc.record({ type: fc.constant('step.settled'), status: fc.constantFrom('completed', 'failed', 'skipped', 'cancelled'), critical: fc.boolean(), weight: small, ready: small, freed: fc.integer({ min: 0, max: 1 }) }),
      fc.record({ type: fc.constant('slot.freed'), ready: small, freed: small }),
      fc.record({ type: fc.constant('consolidation.completed'), score: fc.constant(0.5) }),
    ),
  ),
  fanOut: toSubject(
    fanOutMachine,
    compiledMachines.fanOut,
    fc.record({ failFast: fc.boolean(), tolerant: fc.boolean() }),
    fc.oneof(
      fc.record({ type: fc.constant('step.start'), total: small }),
      fc.record({ type: fc.constantFrom('step.skip', 'step.fail', 'step.cancel', 'item.settled'), failure }),
      fc.record({ type: fc.constant('item.settled') }),
    ),
  ),
  orchestrator: toSubject(
    orchestratorMachine,
    compiledMachines.orchestrator,
    fc.record({ maxActiveFlows: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ type: fc.constantFrom('flow.requested', 'flow.woken', 'flow.released', 'backlog.noted', 'backlog.drained', 'orchestrator.drain') }),
  ),
};

/** What an inspection event says, without the identities of live actors. */
function describeInspection(inspection: InspectionEvent): unknown {
  const { type } = inspection;
  if (type === '@xstate.actor') return { type };
  if (type === '@xstate.action') return { type, action: inspection.action };
  if (type === '@xstate.event') return { type, event: inspection.event.type };
  const { value, context, status } = inspection.snapshot as unknown as Snapshot<unknown>;
  const transitions = type === '@xstate.microstep' ? inspection._transitions.map(transition => transition.eventType) : [];
  return { type, event: inspection.event.type, value, context, status, transitions };
}

describe.each(Object.entries(subjects))('what is told of the %s machine', (_name, { machine, runner, input, event }) => {
  it('is what a live XState actor tells', () => {
    fc.assert(
      fc.property(input, fc.array(event, { maxLength: 12 }), (given, events) => {
        const live: unknown[] = [];
        const actor = createActor(machine, { input: given, inspect: inspection => live.push(describeInspection(inspection)) }).start();
        const told: unknown[] = [];
        const publish = (inspection: InspectionEvent): void => void told.push(describeInspection(inspection));
        let snapshot = runner.initial(given);
        const inspected = new InspectedActor('orchestrator/flow:1', machine, undefined, snapshot);
        inspected.announce(publish);
        for (const next of events) {
          if (snapshot.status === 'done') break;
          actor.send(next);
          const after = runner.transition(snapshot, next, []);
          inspected.receive(next, undefined, publish);
          expect(inspected.replay(snapshot, next, after, publish)).toBe(true);
          snapshot = after;
        }
        expect(told).toEqual(live);
      }),
      { numRuns: 150 },
    );
  });
});

describe('an inspected actor', () => {
  const actor = new InspectedActor('orchestrator/flow:1/step:a', stepMachine as unknown as AnyStateMachine, undefined, compiledMachines.step.initial({ kind: 'task', maxAttempts: 1, maxInterruptions: 1, alternative: false, ask: false }));

  it('has the address as its id, and what tools read of an actor', () => {
    expect(actor).toMatchObject({ sessionId: 'orchestrator/flow:1/step:a', id: 'step:a', src: 'step' });
    expect(actor.logic.config).toBe(stepMachine.config);
    expect(JSON.parse(JSON.stringify(actor.getSnapshot()))).toMatchObject({ value: 'pending', status: 'active', context: { attempt: 0 } });
    expect(actor.getPersistedSnapshot()).toMatchObject({ value: 'pending', status: 'active' });
  });

  it('takes no events from whoever watches', () => {
    expect(() => actor.send()).toThrow(expect.objectContaining({ code: 'inspection_read_only' }));
  });

  it('says when XState would have come to another state', () => {
    const before = compiledMachines.step.restore('pending', actor.getSnapshot().context);
    expect(actor.replay(before, { type: 'step.start' }, compiledMachines.step.restore('completed', before.context), () => {})).toBe(false);
  });
});
