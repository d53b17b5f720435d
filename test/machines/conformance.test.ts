import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { createEmptyActor, initialTransition } from 'xstate';
import { compile } from './golden-paths.ts';
import { hosted, machineNames } from './hosted.ts';

/** XState's own transition, with the names of the actions it wants executed. */
function transitionByXState(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventObject): { next: AnyMachineSnapshot; actions: string[] } {
  const actor = createEmptyActor();
  const actions: string[] = [];
  const scope = {
    self: actor, id: 'x', sessionId: 'x:0', system: actor.system,
    logger: () => {}, defer: () => {}, stopChild: () => {}, emit: () => {},
    actionExecutor: ({ type }: { type: string }) => actions.push(type),
  };
  return { next: machine.transition(snapshot as never, event as never, scope as never) as AnyMachineSnapshot, actions };
}

describe.each(machineNames)('the compiled %s machine', name => {
  const { machine, inputs, events } = hosted[name];
  const runner = compile(machine);

  it('takes the same transitions as XState, whatever happens to it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...inputs), fc.array(fc.nat(10_000), { maxLength: 25 }), (input, choices) => {
        let [expected] = initialTransition(machine, input as never) as unknown as [AnyMachineSnapshot];
        let found = runner.initial(input);
        expect(found).toMatchObject({ value: expected.value, context: expected.context, status: expected.status });
        for (const choice of choices) {
          const possible = events(found);
          const event = possible[choice % possible.length] as EventObject;
          const byXState = transitionByXState(machine, expected, event);
          const effects: string[] = [];
          const before = found;
          found = runner.transition(found, event, effects);
          expect(found).toMatchObject({ value: byXState.next.value, context: byXState.next.context, status: byXState.next.status });
          expect(effects).toEqual(byXState.actions.filter(type => type !== 'xstate.assign'));
          const taken = expected.status === 'active' && machine.getTransitionData(expected as never, event as never).length > 0;
          expect(found !== before).toBe(taken);
          expected = byXState.next;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('goes on from a stored snapshot as from a live one', () => {
    fc.assert(
      fc.property(fc.constantFrom(...inputs), fc.array(fc.nat(10_000), { maxLength: 15 }), (input, choices) => {
        let live = runner.initial(input);
        for (const choice of choices) {
          const possible = events(live);
          const event = possible[choice % possible.length] as EventObject;
          const { value, context } = JSON.parse(JSON.stringify(live)) as { value: string; context: object };
          const restored = runner.transition(runner.restore(value, context), event, []);
          live = runner.transition(live, event, []);
          expect(restored).toEqual(live);
        }
      }),
      { numRuns: 100 },
    );
  });
});
