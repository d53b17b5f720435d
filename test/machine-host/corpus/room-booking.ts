import { assign, emit, sendTo, setup, spawnChild, stopChild } from 'xstate';
import type { CorpusMachine } from '../driven.ts';
import type { Probe } from '../probe.ts';

/** Holds a room for some minutes, until it is confirmed. */
const createHold = (probe: Probe) =>
  setup({ types: { context: {} as { room: string; confirmed: boolean }, input: {} as { room: string } }, actors: { confirm: probe.service('confirm') }, actions: { release: probe.action('release') } }).createMachine({
    id: 'hold',
    context: ({ input }) => ({ room: input.room, confirmed: false }),
    initial: 'held',
    output: ({ context }) => ({ room: context.room, confirmed: context.confirmed }),
    states: {
      held: { after: { 600_000: 'released' }, on: { 'hold.confirm': 'confirming', 'hold.release': 'released' } },
      confirming: { invoke: { id: 'confirm', src: 'confirm', input: ({ context }) => context.room, onDone: { target: 'confirmed', actions: assign({ confirmed: true }) }, onError: 'held' } },
      confirmed: { type: 'final' },
      released: { type: 'final', entry: 'release' },
    },
  });

export const roomBooking: CorpusMachine = {
  name: 'room booking',
  build: probe =>
    setup({
      types: { context: {} as { booked: string[]; held: string | null }, events: {} as { type: string; room?: string }, emitted: {} as { type: string } },
      actors: { hold: createHold(probe) },
      actions: { notify: probe.action('notify') },
    }).createMachine({
      context: { booked: [], held: null },
      initial: 'open',
      states: {
        open: {
          on: {
            'room.hold': { guard: ({ context, event }) => !context.booked.includes(event.room ?? ''), target: 'holding', actions: assign({ held: ({ event }) => event.room ?? '' }) },
            close: 'closed',
          },
        },
        holding: {
          entry: spawnChild('hold', { id: 'hold', input: ({ context }: { context: { held: string | null } }) => ({ room: context.held ?? '' }) } as never),
          on: {
            'room.confirm': { actions: sendTo('hold', { type: 'hold.confirm' }) },
            'room.release': { actions: sendTo('hold', { type: 'hold.release' }) },
            'room.drop': { target: 'open', actions: [stopChild('hold'), assign({ held: null })] },
            'xstate.done.actor.hold': [
              {
                guard: ({ event }) => (event as unknown as { output: { confirmed: boolean } }).output.confirmed,
                target: 'open',
                actions: [assign({ booked: ({ context }) => [...context.booked, context.held ?? ''], held: null }), emit({ type: 'room.booked' }), 'notify'],
              },
              { target: 'open', actions: [assign({ held: null }), 'notify'] },
            ],
          },
        },
        closed: { type: 'final' },
      },
    }),
  steps: [
    { send: { type: 'room.hold', room: 'red' } as never }, { send: { type: 'room.hold', room: 'blue' } as never },
    ...['room.confirm', 'room.release', 'room.drop', 'close'].map(type => ({ send: { type } })),
    { settle: 'confirm', output: 1 }, { settle: 'confirm', error: 'offline' }, { advance: 300_000 }, { advance: 400_000 },
  ],
};
