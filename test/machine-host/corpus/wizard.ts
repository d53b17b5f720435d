import { assign, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

/** Pages with answers, back and forth, a draft that is kept, and a look back into where one was. */
export const wizard: CorpusMachine = {
  name: 'wizard',
  build: probe =>
    setup({
      types: { context: {} as { answers: Record<string, string>; saves: number }, events: {} as { type: string; field?: string; value?: string } },
      actors: { save: probe.service('save') },
      actions: { note: assign({ answers: ({ context, event }) => ({ ...context.answers, [event.field ?? '']: event.value ?? '' }) }), shown: probe.action('shown') },
      guards: { hasName: ({ context }) => (context.answers['name'] ?? '') !== '' },
    }).createMachine({
      context: { answers: {}, saves: 0 },
      initial: 'filling',
      states: {
        filling: {
          initial: 'person',
          on: { answer: { actions: 'note' }, help: 'helping', save: 'saving' },
          states: {
            person: { entry: 'shown', on: { next: { guard: 'hasName', target: 'address' } } },
            address: { entry: 'shown', initial: 'street', states: { street: { on: { next: 'city' } }, city: { type: 'final' } }, onDone: 'review', on: { back: 'person' } },
            review: { entry: 'shown', on: { back: 'address', confirm: '#wizard.confirmed' } },
            last: { type: 'history', history: 'deep' },
          },
        },
        helping: { on: { back: 'filling.last' }, after: { 60_000: 'filling.last' } },
        saving: { invoke: { id: 'save', src: 'save', input: ({ context }) => context.answers, onDone: { target: 'filling.last', actions: assign({ saves: ({ context }) => context.saves + 1 }) }, onError: 'filling.last' } },
        confirmed: { type: 'final' },
      },
      id: 'wizard',
      output: ({ context }) => context.answers,
    }),
  steps: [
    { send: { type: 'answer', field: 'name', value: 'Ada' } as never }, { send: { type: 'answer', field: 'city', value: 'London "x"' } as never },
    ...['next', 'next', 'back', 'help', 'save', 'confirm'].map(type => ({ send: { type } })),
    { settle: 'save', output: 1 }, { settle: 'save', error: 'full' }, { advance: 60_000 },
  ],
};
