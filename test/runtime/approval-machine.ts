import { assign, setup } from 'xstate';

export const day = 86_400_000;

/** Waits for `approve`, once it has been submitted if `draft` says so; takes `reject`; reminds after a week, gives up after a month. */
export const approval = setup({
  types: {} as {
    context: { item: string; draft: boolean; by: string | null; reminders: number };
    input: { item?: string; draft?: boolean };
    events: { type: 'submit' } | { type: 'approve'; by?: string } | { type: 'reject'; reason: string } | { type: 'drop' };
  },
}).createMachine({
  id: 'approval',
  version: '1',
  context: ({ input }) => {
    if (input.item === 'none') throw new Error('Nothing to approve');
    return { item: input.item ?? 'it', draft: input.draft ?? false, by: null, reminders: 0 };
  },
  initial: 'draft',
  states: {
    draft: { always: { guard: ({ context }) => !context.draft, target: 'waiting' }, on: { submit: 'waiting' } },
    waiting: {
      after: { [7 * day]: { actions: assign({ reminders: ({ context }) => context.reminders + 1 }) }, [30 * day]: 'expired' },
      on: {
        approve: { target: 'approved', actions: assign({ by: ({ event }) => event.by ?? 'somebody' }) },
        reject: {
          actions: assign(({ event }) => {
            throw Object.assign(new Error(event.reason), { code: 'rejected' });
          }),
        },
      },
    },
    approved: { type: 'final' },
    expired: { type: 'final' },
  },
  output: ({ context }) => ({ item: context.item, by: context.by, reminders: context.reminders }),
});
