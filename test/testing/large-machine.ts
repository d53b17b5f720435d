import type { AnyStateMachine } from 'xstate';
import { assign, createMachine } from 'xstate';

/**
 * A machine of 60 transitions in four regions side by side: three lines of ten states with a way back each, and one that
 * counts and opens its gates at 3, 6, 9. Its states are some 10³ × 40: too many to be walked one by one.
 */
export function createLargeMachine(): AnyStateMachine {
  const line = (name: string): object => ({
    initial: 's0',
    states: Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`s${at}`, {
      on: { [`${name}.next`]: `s${(at + 1) % 10}`, ...(at > 0 && at % 2 === 0 && { [`${name}.back`]: 's0' }) },
    }])),
  });
  const gate = (at: number, from: number): object => ({
    always: { guard: ({ context }: { context: { count: number } }) => context.count >= from + 3, target: `g${at + 1}` },
    on: {
      tick: { guard: ({ context }: { context: { count: number } }) => context.count < 30, actions: assign({ count: ({ context }: { context: { count: number } }) => context.count + 1 }) },
      reset: { actions: assign({ count: 0 }), target: 'g0' },
    },
  });
  return createMachine({
    id: 'large', type: 'parallel', context: { count: 0 },
    states: {
      a: line('a'), b: line('b'), c: line('c'),
      gates: { initial: 'g0', states: { g0: gate(0, 0), g1: gate(1, 3), g2: gate(2, 6), g3: gate(3, 9), g4: gate(4, 12), g5: gate(5, 15), g6: {} } },
    },
  } as never) as unknown as AnyStateMachine;
}
