import { assign, setup } from 'xstate';

/** Asks for so many approvals by different people; one refusal is enough. Ends by itself after a week. */
export const approval = setup({
  types: {} as {
    input: { what: string; least?: number };
    context: { what: string; least: number; approvedBy: string[]; refusedBy: string | null };
    events: { type: 'approve'; by: string } | { type: 'refuse'; by: string };
  },
  guards: {
    isLast: ({ context: { approvedBy, least }, event }) => new Set([...approvedBy, event.by]).size >= least,
    isNew: ({ context, event }) => !context.approvedBy.includes(event.by),
  },
  actions: {
    noteApproval: assign({ approvedBy: ({ context, event }) => [...context.approvedBy, event.by] }),
    noteRefusal: assign({ refusedBy: ({ event }) => event.by }),
  },
}).createMachine({
  id: 'approval',
  version: '1',
  context: ({ input }) => ({ what: input.what, least: input.least ?? 2, approvedBy: [], refusedBy: null }),
  initial: 'open',
  states: {
    open: {
      on: {
        approve: [
          { guard: 'isLast', target: 'approved', actions: 'noteApproval' },
          { guard: 'isNew', actions: 'noteApproval' },
        ],
        refuse: { target: 'refused', actions: 'noteRefusal' },
      },
      after: { 604_800_000: 'forgotten' },
    },
    approved: { type: 'final' },
    refused: { type: 'final' },
    forgotten: { type: 'final' },
  },
  output: ({ context }) => ({ approved: context.approvedBy.length >= context.least, approvedBy: context.approvedBy, refusedBy: context.refusedBy }),
});
