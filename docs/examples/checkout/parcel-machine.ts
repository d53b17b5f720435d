import { sendParent, setup } from 'xstate';

/** A parcel on its way out of the house: half a second to pack it, three until it is fetched. */
export const parcelMachine = setup({
  types: {} as { output: { tracking: string } },
}).createMachine({
  id: 'parcel',
  initial: 'packing',
  states: {
    packing: { after: { 500: { target: 'packed', actions: sendParent({ type: 'parcel.packed' }) } } },
    packed: { after: { 3_000: 'fetched' } },
    fetched: { type: 'final' },
  },
  output: ({ self }) => ({ tracking: `T-${self.id}` }),
});
