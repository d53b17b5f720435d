import { assign, cancel, raise, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

/** Fields checked after a pause in typing, and again by a server. */
export const form: CorpusMachine = {
  name: 'form',
  build: probe =>
    setup({
      types: { context: {} as { values: Record<string, string>; errors: Record<string, string>; touched: string[] }, events: {} as { type: string; field?: string; value?: string } },
      actors: { validate: probe.service('validate'), submit: probe.service('submit') },
      actions: { focus: probe.action('focus') },
      guards: { isValid: ({ context }) => Object.keys(context.errors).length === 0 && context.touched.length > 0 },
    }).createMachine({
      context: { values: {}, errors: {}, touched: [] },
      type: 'parallel',
      states: {
        fields: {
          initial: 'clean',
          on: {
            change: {
              target: '.dirty',
              actions: [
                assign({
                  values: ({ context, event }) => ({ ...context.values, [event.field ?? '']: event.value ?? '' }),
                  touched: ({ context, event }) => [...new Set([...context.touched, event.field ?? ''])],
                  errors: ({ context, event }) => (event.value === '' ? { ...context.errors, [event.field ?? '']: 'required' } : Object.fromEntries(Object.entries(context.errors).filter(([key]) => key !== event.field))),
                }),
                cancel('debounce'),
                raise({ type: 'settle' }, { delay: 300, id: 'debounce' }),
              ],
            },
          },
          states: {
            clean: {},
            dirty: { on: { settle: 'checking' } },
            checking: { invoke: { id: 'validate', src: 'validate', input: ({ context }) => context.values, onDone: 'clean', onError: { target: 'dirty', actions: [assign({ errors: ({ event }) => ({ form: (event as unknown as { error: Error }).error.message }) }), 'focus'] } } },
          },
        },
        submission: {
          initial: 'editing',
          states: {
            editing: { on: { submit: { guard: 'isValid', target: 'sending' } } },
            sending: { invoke: { id: 'submit', src: 'submit', onDone: 'sent', onError: 'editing' }, on: { change: 'editing' } },
            sent: { type: 'final' },
          },
        },
      },
    }),
  steps: [
    { send: { type: 'change', field: 'name', value: 'x' } as never }, { send: { type: 'change', field: 'mail', value: '' } as never }, { send: { type: 'change', field: 'mail', value: 'a@b' } as never }, { send: { type: 'submit' } },
    { advance: 100 }, { advance: 300 }, { settle: 'validate', output: true }, { settle: 'validate', error: 'taken' }, { settle: 'submit', output: true }, { settle: 'submit', error: '500' },
  ],
};
