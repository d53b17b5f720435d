import { assign, sendTo, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

/** A light with pedestrians who press a button; their light blinks before it ends. */
export const trafficLight: CorpusMachine = {
  name: 'traffic light with pedestrian',
  build: probe => {
    const pedestrian = setup({ actions: { lamp: probe.action('lamp') } }).createMachine({
      id: 'pedestrian',
      initial: 'walk',
      states: {
        walk: { entry: 'lamp', after: { 4_000: 'blink' } },
        blink: { initial: 'on', after: { 3_000: 'wait' }, states: { on: { after: { 500: 'off' } }, off: { after: { 500: 'on' } } } },
        wait: { type: 'final', entry: 'lamp' },
      },
      on: { hurry: '.wait' },
    });
    return setup({ types: { context: {} as { waiting: number; cycles: number } }, actors: { pedestrian }, actions: { lamp: probe.action('lamp') } }).createMachine({
      context: { waiting: 0, cycles: 0 },
      initial: 'green',
      on: { 'power.off': '.dark', 'button.press': { actions: assign({ waiting: ({ context }) => Math.min(context.waiting + 1, 9) }) } },
      states: {
        green: { entry: 'lamp', after: { 20_000: [{ guard: ({ context }) => context.waiting > 0, target: 'yellow' }], 60_000: 'yellow' } },
        yellow: { entry: 'lamp', after: { 3_000: 'red' } },
        red: {
          entry: ['lamp', assign({ waiting: 0, cycles: ({ context }) => context.cycles + 1 })],
          invoke: { id: 'pedestrian', src: 'pedestrian', onDone: 'green' },
          on: { ambulance: { actions: sendTo('pedestrian', { type: 'hurry' }) } },
        },
        dark: { initial: 'on', states: { on: { after: { 1_000: 'off' } }, off: { after: { 1_000: 'on' } } }, on: { 'power.on': 'red' } },
      },
    });
  },
  steps: [...['button.press', 'ambulance', 'power.off', 'power.on'].map(type => ({ send: { type } })), { advance: 1_000 }, { advance: 3_000 }, { advance: 20_000 }, { advance: 60_000 }],
};
