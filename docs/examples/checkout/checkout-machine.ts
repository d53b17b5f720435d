import { assign, fromPromise, setup } from 'xstate';
import { parcelMachine } from './parcel-machine.ts';

const day = 86_400_000;

export interface Receipt {
  readonly receipt: string;
  readonly amountCents: number;
}

/** An order from the cart to the parcel. It knows nothing of Flowstone. */
export const checkoutMachine = setup({
  types: {} as {
    context: { amountCents: number; receipt: string | null; refusal: string | null; tracking: string | null };
    input: { amountCents: number };
    events: { type: 'confirm' } | { type: 'parcel.packed' };
  },
  actors: {
    pay: fromPromise<Receipt, { amountCents: number }>(() => Promise.reject(new Error('Expected `pay` from `checkoutMachine.provide`'))),
    parcel: parcelMachine,
  },
}).createMachine({
  id: 'checkout',
  version: '1',
  context: ({ input }) => ({ amountCents: input.amountCents, receipt: null, refusal: null, tracking: null }),
  initial: 'cart',
  states: {
    cart: { on: { confirm: 'paying' }, after: { [day]: 'abandoned' } },
    paying: {
      invoke: {
        id: 'payment',
        src: 'pay',
        input: ({ context }) => ({ amountCents: context.amountCents }),
        onDone: { target: 'packing', actions: assign({ receipt: ({ event }) => event.output.receipt }) },
        onError: { target: 'cart', actions: assign({ refusal: ({ event }) => (event.error as Error).message }) },
      },
    },
    packing: {
      initial: 'begun',
      states: { begun: { on: { 'parcel.packed': 'packed' } }, packed: {} },
      invoke: { id: 'parcel', src: 'parcel', onDone: { target: 'sent', actions: assign({ tracking: ({ event }) => event.output.tracking }) } },
    },
    sent: { type: 'final' },
    abandoned: { type: 'final' },
  },
});
