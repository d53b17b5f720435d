import { assign, sendTo, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

/** Collects calls, moves floor by floor, opens a door that closes by itself and opens again when blocked. */
export const elevator: CorpusMachine = {
  name: 'elevator',
  build: probe => {
    const door = setup({ actions: { motor: probe.action('motor') } }).createMachine({
      id: 'door',
      initial: 'opening',
      states: {
        opening: { entry: 'motor', after: { 1_000: 'open' } },
        open: { after: { 3_000: 'closing' }, on: { 'door.hold': { target: 'open', reenter: true } } },
        closing: { entry: 'motor', after: { 1_000: 'closed' }, on: { 'door.blocked': 'opening' } },
        closed: { type: 'final' },
      },
    });
    return setup({
      types: { context: {} as { floor: number; calls: number[] }, events: {} as { type: string; floor?: number } },
      actors: { door },
      actions: { bell: probe.action('bell') },
      guards: { isHere: ({ context }) => context.calls[0] === context.floor, isCalled: ({ context }) => context.calls.length > 0 },
    }).createMachine({
      context: { floor: 0, calls: [] },
      initial: 'idle',
      on: { call: { guard: ({ context, event }) => !context.calls.includes(event.floor ?? 0), actions: assign({ calls: ({ context, event }) => [...context.calls, event.floor ?? 0] }) } },
      states: {
        idle: { always: [{ guard: 'isHere', target: 'stopped' }, { guard: 'isCalled', target: 'moving' }] },
        moving: {
          after: { 2_000: [{ guard: ({ context }) => (context.calls[0] ?? 0) > context.floor, target: 'passing', actions: assign({ floor: ({ context }) => context.floor + 1 }) }, { target: 'passing', actions: assign({ floor: ({ context }) => context.floor - 1 }) }] },
          on: { emergency: 'halted' },
        },
        passing: { always: [{ guard: 'isHere', target: 'stopped' }, { target: 'moving' }] },
        stopped: {
          entry: ['bell', assign({ calls: ({ context }) => context.calls.slice(1) })],
          invoke: { id: 'door', src: 'door', onDone: 'idle' },
          on: { 'door.hold': { actions: sendTo('door', { type: 'door.hold' }) }, 'door.blocked': { actions: sendTo('door', { type: 'door.blocked' }) } },
        },
        halted: { on: { reset: 'idle' } },
      },
    });
  },
  steps: [
    { send: { type: 'call', floor: 2 } as never }, { send: { type: 'call', floor: 1 } as never }, { send: { type: 'call', floor: 0 } as never },
    ...['door.hold', 'door.blocked', 'emergency', 'reset'].map(type => ({ send: { type } })), { advance: 1_000 }, { advance: 2_000 }, { advance: 3_500 },
  ],
};
