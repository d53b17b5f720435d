import { assign, emit, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';
import type { Probe } from '../probe.ts';

interface Cart {
  readonly items: readonly { readonly sku: string; readonly price: number }[];
  readonly paymentId: string | null;
  readonly attempts: number;
  readonly problem: string | null;
}

/** Pays with a service; a machine of its own, with a machine's own way of giving up. */
const createPayment = (probe: Probe) =>
  setup({ actors: { charge: probe.service('charge') }, types: { input: {} as { amount: number }, context: {} as { amount: number; receipt: unknown } } }).createMachine({
    id: 'payment',
    context: ({ input }) => ({ amount: input.amount, receipt: null }),
    initial: 'charging',
    output: ({ context }) => context.receipt,
    states: {
      charging: {
        invoke: { id: 'charge', src: 'charge', input: ({ context }) => ({ amount: context.amount }), onDone: { target: 'paid', actions: assign({ receipt: ({ event }) => event.output }) }, onError: 'waiting' },
        after: { 30_000: 'waiting' },
      },
      waiting: { after: { 1_000: 'charging' }, on: { 'payment.retry': 'charging' } },
      paid: { type: 'final' },
    },
  });

export const checkout: CorpusMachine = {
  name: 'checkout',
  build: probe =>
    setup({
      types: { context: {} as Cart, events: {} as { type: string; sku?: string; price?: number }, emitted: {} as { type: string } },
      actors: { payment: createPayment(probe), reserve: probe.service('reserve') },
      actions: { mail: probe.action('mail'), track: probe.action('track') },
      guards: { hasItems: ({ context }) => context.items.length > 0 },
    }).createMachine({
      context: { items: [], paymentId: null, attempts: 0, problem: null },
      initial: 'browsing',
      states: {
        browsing: {
          on: {
            'item.add': { actions: [assign({ items: ({ context, event }) => [...context.items, { sku: event.sku ?? '', price: event.price ?? 0 }] }), 'track'] },
            'item.clear': { actions: assign({ items: [] }) },
            'checkout.start': { guard: 'hasItems', target: 'reserving' },
          },
        },
        reserving: {
          invoke: { id: 'reserve', src: 'reserve', input: ({ context }) => context.items, onDone: 'paying', onError: { target: 'browsing', actions: assign({ problem: ({ event }) => (event.error as Error).message }) } },
        },
        paying: {
          entry: assign({ attempts: ({ context }) => context.attempts + 1 }),
          invoke: {
            id: 'payment',
            src: 'payment',
            input: ({ context }) => ({ amount: context.items.reduce((sum, { price }) => sum + price, 0) }),
            onDone: { target: 'paid', actions: assign({ paymentId: ({ event }) => String(event.output) }) },
          },
          after: { 86_400_000: { target: 'abandoned', actions: emit({ type: 'order.abandoned' }) } },
          on: { 'checkout.cancel': 'browsing' },
        },
        paid: { type: 'final', entry: ['mail', emit({ type: 'order.paid' })] },
        abandoned: { on: { 'checkout.start': 'reserving' }, entry: { type: 'mail', params: { template: 'reminder' } } as never },
      },
    }),
  steps: [
    { send: { type: 'item.add', sku: 'a', price: 3 } as never }, { send: { type: 'item.clear' } }, { send: { type: 'checkout.start' } }, { send: { type: 'checkout.cancel' } },
    { settle: 'reserve', output: 'ok' }, { settle: 'reserve', error: 'sold out' }, { settle: 'charge', output: 'r-1' }, { settle: 'charge', error: 'declined' },
    { advance: 1_000 }, { advance: 40_000 }, { advance: 86_400_000 },
  ],
};
