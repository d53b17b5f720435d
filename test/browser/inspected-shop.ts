import { assign, setup } from 'xstate';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { createMemoryStore, createRuntime, defineFlow, defineQueue, defineTool, fail, type Runtime } from '../../src/index.ts';
import type { Inspector } from '../../src/inspector.ts';
import { openInspector } from '../../src/inspector.ts';

const mails = defineQueue({ name: 'mails', maxAttempts: 2, backoff: { initialInterval: '1s', jitter: 'none' } });
const stock = defineQueue({ name: 'stock' });

/** Something with states in states, a delay and a guard. */
const parcel = setup({
  types: { context: {} as { stops: string[] }, events: {} as { type: 'pack' } | { type: 'move'; place: string } | { type: 'lose' } },
  actions: { note: assign({ stops: ({ context, event }) => [...context.stops, event.type === 'move' ? event.place : ''] }) },
  guards: { isFar: ({ context }) => context.stops.length > 3 },
}).createMachine({
  id: 'parcel', initial: 'packing', context: { stops: [] },
  states: {
    packing: { on: { pack: 'under way' } },
    'under way': {
      initial: 'moving',
      states: { moving: { on: { move: { actions: 'note', target: 'resting' } } }, resting: { after: { 3_600_000: 'moving' }, on: { move: { actions: 'note' } } } },
      on: { lose: 'lost' }, always: { guard: 'isFar', target: 'arrived' },
    },
    arrived: { type: 'final' }, lost: { type: 'final' },
  },
});

/** Charges, and publishes: a mail for each order, stock for each item. */
const order = defineFlow({
  id: 'order', version: '3', description: 'Charges, packs and ships an order.', concurrency: 4,
  steps: [
    { id: 'charge', uses: 'tool:charge', retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' }, with: { amount: '{% input.amount %}' } },
    { id: 'pack', uses: 'tool:pack', depends_on: ['charge'], for_each: '{% input.items %}', concurrency: 2 },
    { id: 'approve', uses: 'signal', depends_on: ['charge'], with: { name: 'approved' } },
    { id: 'ship', uses: 'tool:ship', depends_on: ['pack', 'approve'] },
    { id: 'notify', uses: 'tool:notify', depends_on: ['ship'], critical: false, run: 'always' },
  ],
});

export interface InspectedShop {
  readonly runtime: Runtime;
  readonly inspector: Inspector;
  readonly clock: SimulatedClock;
  /** Executions: two that passed, one that failed. */
  readonly ids: readonly [first: string, second: string, failed: string];
  /** Lets a step that is about to log do so. */
  log(): void;
  close(): Promise<void>;
}

/** Waits, while simulated time goes on, until something has come true. */
async function elapse(clock: SimulatedClock, isTrue: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 5_000; turn++) {
    if (await isTrue()) return;
    clock.advance(250);
    await new Promise<void>(resolve => setImmediate(resolve));
  }
  throw new Error('It did not come true');
}

/** A runtime with executions, machines and queues that have something to show, and the inspector beside it. */
export async function openInspectedShop(): Promise<InspectedShop> {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 5, 9));
  let log = (): void => {};
  let finish = (): void => {};
  const runtime = await createRuntime({
    clock, random: createSeededRandom(7), store: createMemoryStore(), flows: [order, defineFlow({ id: 'slow', steps: [{ id: 'talk', uses: 'tool:talk' }] })],
    queues: [mails, stock], machines: [parcel as never],
    tools: [
      defineTool({ name: 'charge', run: ({ input, attempt }) => {
        const { amount } = input as { amount: number };
        if (amount > 100) return fail('The card has no cover', { code: 'card_refused', retryable: false }) as never;
        if (amount > 50 && attempt === 1) return fail('The bank does not answer', { code: 'bank_silent', retryable: true }) as never;
        return { receipt: `r-${amount}`, amount };
      } }),
      defineTool({ name: 'pack', run: ({ input, publish }) => {
        publish('stock', { item: input });
        return { packed: input } as never;
      } }),
      defineTool({ name: 'ship', run: ({ publish }) => {
        publish('mails', { to: 'ada@example.org', text: 'Your order is on its way' });
        return { parcel: 'parcel-1' };
      } }),
      defineTool({ name: 'notify', run: () => null }),
      defineTool({ name: 'talk', run: call => new Promise(resolve => (log = () => {
        call.logger.warn({ tries: 2 }, 'this takes its time');
        call.logger.info('and goes on');
        finish = () => resolve(null as never);
      })) }),
    ],
  });
  await runtime.consume(mails, ({ payload }) => {
    return (payload as { to: string }).to === 'nobody' ? fail('There is nobody', { code: 'address_unknown' }) : undefined;
  });
  const run = async (amount: number, items: readonly string[]): Promise<string> => {
    const { executionId } = await runtime.start('order', { input: { amount, items } });
    let isOver = false;
    void runtime.settled(executionId).then(() => (isOver = true));
    await runtime.signal(executionId, 'approved', { by: 'ada' }).catch(() => {});
    await elapse(clock, async () => isOver);
    return executionId;
  };
  const ids = [await run(40, ['book', 'lamp']), await run(80, ['book', 'lamp', 'chair']), await run(400, ['car'])] as const;
  for (const [name, moves] of [['parcel-1', 2], ['parcel-2', 0], ['parcel-3', 4]] as const) {
    const one = await runtime.spawn(parcel as never, { id: name });
    await one.send({ type: 'pack' } as never);
    for (let move = 0; move < moves; move++) await one.send({ type: 'move', place: `stop ${move}` } as never);
  }
  await runtime.publish('mails', { to: 'nobody', text: 'Hello' });
  await elapse(clock, async () => (await runtime.queues.stats('mails'))[0]?.dead === 1);
  const inspector = await openInspector(runtime, { clock });
  return { runtime, inspector, clock, ids, log: () => log(), close: async () => {
    await inspector.close();
    // Simulated time stands still: nobody would give a handler up.
    finish();
    await runtime.stop();
  } };
}
