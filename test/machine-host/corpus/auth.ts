import { assign, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

/** Signs in, renews its token before it ends, signs out after idleness. */
export const auth: CorpusMachine = {
  name: 'auth with refresh',
  build: probe =>
    setup({
      types: { context: {} as { token: string | null; refreshes: number; error: string | null } },
      actors: { signIn: probe.service('signIn'), refresh: probe.service('refresh') },
      actions: { store: probe.action('store'), clear: probe.action('clear') },
      delays: { lifetime: ({ context }) => 60_000 * (1 + Math.min(context.refreshes, 3)) },
    }).createMachine({
      context: { token: null, refreshes: 0, error: null },
      initial: 'signedOut',
      states: {
        signedOut: { id: 'signedOut', on: { 'auth.signIn': 'signingIn' } },
        signingIn: {
          invoke: {
            id: 'signIn', src: 'signIn',
            onDone: { target: 'signedIn', actions: [assign({ token: ({ event }) => String(event.output), error: null, refreshes: 0 }), 'store'] },
            onError: { target: 'signedOut', actions: assign({ error: ({ event }) => (event.error as Error).message }) },
          },
          after: { 10_000: { target: 'signedOut', actions: assign({ error: 'timeout' }) } },
        },
        signedIn: {
          type: 'parallel',
          on: { 'auth.signOut': { target: 'signedOut', actions: [assign({ token: null }), 'clear'] }, 'session.expired': 'signedOut' },
          states: {
            token: {
              initial: 'valid',
              states: {
                valid: { after: { lifetime: 'refreshing' } },
                refreshing: {
                  invoke: {
                    id: 'refresh', src: 'refresh', input: ({ context }) => ({ token: context.token }),
                    onDone: { target: 'valid', actions: assign({ token: ({ event }) => String(event.output), refreshes: ({ context }) => context.refreshes + 1 }) },
                    onError: { target: '#signedOut', actions: 'clear' },
                  },
                },
              },
            },
            activity: {
              initial: 'active',
              states: { active: { after: { 300_000: 'idle' }, on: { 'user.active': { target: 'active', reenter: true } } }, idle: { tags: 'idle', on: { 'user.active': 'active' } } },
            },
          },
        },
      },
    }),
  steps: [
    ...['auth.signIn', 'auth.signOut', 'user.active'].map(type => ({ send: { type } })),
    { settle: 'signIn', output: 't-1' }, { settle: 'signIn', error: 'wrong password' }, { settle: 'refresh', output: 't-2' },
    { advance: 5_000 }, { advance: 60_000 }, { advance: 300_000 },
  ],
};
