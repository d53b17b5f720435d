// Runs an order, and pays a part of it back. Kill it anywhere and start it again: it goes on where it was.
import { createRuntime, loadFlow } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { refund } from './flows/refund.ts';
import { parcel } from './machines/parcel.ts';
import { tools } from './tools.ts';

const runtime = await createRuntime({
  store: openSqliteStore({ file: 'flows.db' }),
  flows: [await loadFlow('flows/order.yml'), refund],
  tools,
  machines: [parcel],
});

/** Starts a flow once for a key, and tells of it until it has settled. */
async function run(flowId: string, key: string, input: object): Promise<void> {
  const execution = await runtime.start(flowId, { input, idempotencyKey: key });
  console.log(`${flowId} ${execution.created ? 'begins' : 'goes on'}`);
  for await (const update of execution.transitions()) {
    if (update.type !== 'transition') continue;
    const step = /\/step:([^/]+)$/.exec(update.address)?.[1];
    if (step !== undefined && update.state !== null && ['running', 'waiting', 'completed', 'failed'].includes(update.state)) console.log(`  ${step}: ${update.state}`);
  }
  const { status, score } = await execution.settled();
  console.log(`${flowId}: ${status}, score ${score}`);
}

await run('order', 'order-1', { customer: 'Ada', amount: 40 });
await run('refund', 'refund-1', { customer: 'Ada', amount: 5 });
await runtime.stop();
console.log('\nNext: npm run draw');
