import { assign, sendParent, sendTo, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';
import type { Probe } from '../probe.ts';

/** Sends one part; retries with growing waits, three times. */
const createPart = (probe: Probe) =>
  setup({
    types: { context: {} as { part: number; retries: number }, input: {} as { part: number } },
    actors: { put: probe.service('put') },
    actions: { retried: probe.action('retried') },
    delays: { backOff: ({ context }) => 1_000 * 2 ** context.retries },
  }).createMachine({
    id: 'part',
    context: ({ input }) => ({ part: input.part, retries: 0 }),
    initial: 'sending',
    states: {
      sending: { invoke: { id: 'put', src: 'put', input: ({ context }) => ({ part: context.part }), onDone: 'sent', onError: [{ guard: ({ context }) => context.retries < 3, target: 'waiting' }, { target: 'lost' }] }, on: { 'upload.pause': 'paused' } },
      waiting: { entry: [assign({ retries: ({ context }) => context.retries + 1 }), 'retried'], after: { backOff: 'sending' }, on: { 'upload.pause': 'paused' } },
      paused: { on: { 'upload.resume': 'sending' } },
      sent: { type: 'final', entry: sendParent(({ context }) => ({ type: 'part.sent', part: context.part })) },
      lost: { entry: sendParent({ type: 'part.lost' }) },
    },
  });

export const upload: CorpusMachine = {
  name: 'upload with retry',
  build: probe =>
    setup({ types: { context: {} as { part: number } }, actors: { part: createPart(probe) }, actions: { progress: probe.action('progress') } }).createMachine({
      context: { part: 0 },
      initial: 'idle',
      states: {
        idle: { on: { 'upload.start': 'uploading' } },
        uploading: {
          invoke: { id: 'part', src: 'part', input: ({ context }) => ({ part: context.part }) },
          on: {
            'part.sent': [
              { guard: ({ context }) => context.part === 2, target: 'finished', actions: 'progress' },
              { target: 'uploading', reenter: true, actions: [assign({ part: ({ context }) => context.part + 1 }), 'progress'] },
            ],
            'part.lost': 'failed',
            'upload.pause': { actions: sendTo('part', { type: 'upload.pause' }) },
            'upload.resume': { actions: sendTo('part', { type: 'upload.resume' }) },
            'upload.cancel': 'idle',
          },
        },
        failed: { on: { 'upload.start': 'uploading' } },
        finished: { type: 'final' },
      },
    }),
  steps: [
    ...['upload.start', 'upload.pause', 'upload.resume', 'upload.cancel'].map(type => ({ send: { type } })),
    { settle: 'put', output: 'ok' }, { settle: 'put', error: 'network' }, { advance: 1_000 }, { advance: 4_000 },
  ],
};
