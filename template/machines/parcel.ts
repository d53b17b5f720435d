import { setup } from 'xstate';

/** A parcel: packed, then fetched. It waits outside of memory, and its timers survive the process. */
export const parcel = setup({
  types: {} as { input: { shelf: string }; context: { shelf: string }; output: { track: string } },
}).createMachine({
  id: 'parcel',
  version: '1',
  context: ({ input }) => ({ shelf: input.shelf }),
  initial: 'packing',
  states: {
    packing: { after: { 1_000: 'waiting' } },
    waiting: { after: { 3_000: 'fetched' } },
    fetched: { type: 'final' },
  },
  output: ({ context }) => ({ track: `track-${context.shelf}` }),
});
