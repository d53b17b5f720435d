import { setTimeout as wait } from 'node:timers/promises';
import { defineFlow, defineTool } from 'flowstone';
import { assign, setup } from 'xstate';

/** Takes a while, as work does: long enough to close the window, or to kill the process, in the middle of it. */
const takeTime = (): Promise<void> => wait(300);

const holdStock = defineTool({
  name: 'hold-stock',
  run: async ({ input }) => {
    await takeTime();
    return { reserved: input };
  },
});

const ship = defineTool({
  name: 'ship',
  run: async ({ input, idempotencyKey }) => {
    await takeTime();
    return { shipped: input, label: idempotencyKey };
  },
});

/** An order: reserved at once, shipped when somebody has approved it. */
const order = defineFlow({
  id: 'order',
  version: '2',
  steps: [
    { id: 'reserve', uses: 'tool:hold-stock', with: { what: '{% input.what %}' } },
    { id: 'approve', uses: 'signal', with: { name: 'approved' }, depends_on: ['reserve'] },
    { id: 'ship', uses: 'tool:ship', with: { what: '{% input.what %}' }, depends_on: ['approve'] },
  ],
});

/** The shop: one machine that lives as long as the database. */
const shop = setup({
  types: {} as { context: { orders: number }; events: { type: 'order.placed' } | { type: 'shop.close' } | { type: 'shop.open' } },
  actions: { count: assign({ orders: ({ context }) => context.orders + 1 }) },
}).createMachine({
  id: 'shop',
  version: '2',
  context: { orders: 0 },
  initial: 'selling',
  states: {
    selling: { on: { 'order.placed': { actions: 'count' }, 'shop.close': 'closed' } },
    closed: { on: { 'shop.open': 'selling' } },
  },
});

export const flows = [order];
export const tools = [holdStock, ship];
export const machines = [shop] as const;
