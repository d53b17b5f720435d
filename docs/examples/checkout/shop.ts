import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Clock, DurableActor } from 'flowstone';
import { createRuntime, idempotencyKeyOf, systemClock } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import type { EventFromLogic, SnapshotFrom } from 'xstate';
import { fromPromise } from 'xstate';
import type { Receipt } from './checkout-machine.ts';
import { checkoutMachine } from './checkout-machine.ts';
import { PaymentProvider } from './payment-provider.ts';

type Order = DurableActor<SnapshotFrom<typeof checkoutMachine>, EventFromLogic<typeof checkoutMachine>>;

// `node shop.ts FOLDER [ORDER] [confirm] [--later HOURS]`: goes on with all orders, until they have ended or it is killed.
const { positionals, values } = parseArgs({ allowPositionals: true, options: { later: { type: 'string', default: '0' } } });
const [folder = '.', newOrder, command] = positionals;
mkdirSync(folder, { recursive: true });

const provider = new PaymentProvider(join(folder, 'provider.txt'));
const checkout = checkoutMachine.provide({
  actors: { pay: fromPromise<Receipt, { amountCents: number }>(({ input, self, signal }) => provider.charge({ ...input, key: idempotencyKeyOf(self), signal })) },
});

/** Somebody who opens the shop so many hours later need not wait for them. */
const clock: Clock = { ...systemClock, now: () => systemClock.now() + Number(values.later) * 3_600_000 };
const machines = [{ machine: checkout, promises: { pay: { maxAttempts: 3, timeoutMs: 10_000 } } }];
const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder, 'shop.db') }), machines, clock });
process.once('SIGINT', () => void runtime.stop().then(() => process.exit()));

function show({ id }: Order, { value, context }: SnapshotFrom<typeof checkoutMachine>): void {
  const facts = Object.entries(context).filter(([, fact]) => fact !== null).map(([name, fact]) => `${name} ${fact}`);
  console.log(`${id}: ${typeof value === 'string' ? value : Object.entries(value).flat().join(' ')} (${facts.join(', ')})`);
}

const known = await runtime.actors({ machineId: 'checkout' });
const orders: Order[] = await Promise.all(known.map(({ id }) => runtime.actor<typeof checkout>(id)));
if (newOrder !== undefined && !orders.some(({ id }) => id === newOrder)) orders.push(await runtime.spawn(checkout, { id: newOrder, input: { amountCents: 4_200 } }));
for (const order of orders) {
  show(order, order.getSnapshot());
  order.subscribe(snapshot => show(order, snapshot));
}
if (command === 'confirm') await orders.find(({ id }) => id === newOrder)?.send({ type: 'confirm' });
await Promise.all(orders.map(order => order.waitFor(({ status }) => status !== 'active')));
await runtime.stop();
