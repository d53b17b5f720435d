import { assign, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

/** Plays, buffers, keeps its volume and its place; a ticking clock while it plays. */
export const mediaPlayer: CorpusMachine = {
  name: 'media player',
  build: probe =>
    setup({
      types: { context: {} as { position: number; volume: number; track: number } },
      actors: { load: probe.service('load') },
      actions: { sound: probe.action('sound'), ended: probe.action('ended') },
      guards: { atEnd: ({ context }) => context.position >= 4, hasNext: ({ context }) => context.track < 2 },
    }).createMachine({
      context: { position: 0, volume: 5, track: 0 },
      type: 'parallel',
      states: {
        playback: {
          initial: 'empty',
          states: {
            empty: { on: { load: 'loading' } },
            loading: { id: 'loading', invoke: { id: 'load', src: 'load', input: ({ context }) => context.track, onDone: 'ready', onError: 'empty' }, tags: 'busy' },
            ready: {
              initial: 'paused',
              entry: assign({ position: 0 }),
              states: {
                paused: { on: { play: 'playing' } },
                playing: {
                  initial: 'running',
                  states: { running: { after: { 1_000: { target: 'running', reenter: true, actions: assign({ position: ({ context }) => context.position + 1 }) } } }, buffering: { tags: 'busy', after: { 700: 'running' } } },
                  on: { pause: 'paused', stall: '.buffering' },
                  always: { guard: 'atEnd', target: 'ended' },
                },
                ended: { entry: 'ended', always: { guard: 'hasNext', target: '#loading', actions: assign({ track: ({ context }) => context.track + 1 }) }, on: { play: { target: 'playing', actions: assign({ position: 0 }) } } },
                where: { type: 'history' },
              },
              on: { eject: 'empty' },
            },
          },
        },
        sound: {
          initial: 'audible',
          states: { audible: { on: { mute: 'muted' }, entry: 'sound' }, muted: { on: { mute: 'audible' } } },
          on: { louder: { guard: ({ context }) => context.volume < 10, actions: [assign({ volume: ({ context }) => context.volume + 1 }), 'sound'] } },
        },
      },
    }),
  steps: [
    ...['load', 'play', 'pause', 'stall', 'eject', 'mute', 'louder'].map(type => ({ send: { type } })),
    { settle: 'load', output: 'ok' }, { settle: 'load', error: 'gone' }, { advance: 700 }, { advance: 1_000 }, { advance: 5_000 },
  ],
};
