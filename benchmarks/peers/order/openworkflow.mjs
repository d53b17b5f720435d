import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';
import { charge, reserve, ship, toFile } from '../../order/steps.mjs';

const backend = BackendSqlite.connect(toFile('order.db'));
const client = new OpenWorkflow({ backend });
const order = client.defineWorkflow({ name: 'order' }, async ({ step }) => {
  const shelf = await step.run({ name: 'reserve' }, reserve);
  await step.run({ name: 'charge' }, charge);
  return step.run({ name: 'ship' }, () => ship(shelf));
});
const worker = client.newWorker({ concurrency: 1 });
await worker.start();
const handle = await order.run({}, { idempotencyKey: 'order-1' });
console.log(await handle.result());
await worker.stop();
await backend.stop();
