import { assign, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { scriptedCode } from './outcomes.ts';

/** The event that tells the stand-in for a machine how to end. */
const machineOutcome = 'outcome';

/** The signal that tells the machine of one step, or item, how to end. */
export const toOutcomeSignal = (place: string): string => `${place}/${machineOutcome}`;

/** Stands in for the machine of a step: waits to be told how to end. */
export function createScriptedMachine(id: string): AnyStateMachine {
  return setup({
    types: {} as { context: { output: unknown }; events: { type: typeof machineOutcome; passes: boolean; output?: unknown } },
    actions: {
      note: assign(({ event }) => ({ output: event.output ?? null })),
      fail: assign(() => {
        throw Object.assign(new Error('The script says so'), { code: scriptedCode });
      }),
    },
  }).createMachine({
    id,
    context: { output: null },
    output: ({ context }) => context.output,
    initial: 'waiting',
    states: {
      waiting: { on: { [machineOutcome]: [{ guard: ({ event }) => event.passes, target: 'passed', actions: 'note' }, { actions: 'fail' }] } },
      passed: { type: 'final' },
    },
  });
}
