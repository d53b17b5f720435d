import { DBOS } from '@dbos-inc/dbos-sdk';
import { charge, reserve, ship } from '../../order/steps.mjs';

DBOS.setConfig({ name: 'order', systemDatabaseUrl: process.env.DBOS_DATABASE_URL, logger: { info() {}, debug() {}, warn() {}, error: console.error } });
const order = DBOS.registerWorkflow(async () => {
  const shelf = await DBOS.runStep(reserve, { name: 'reserve' });
  await DBOS.runStep(charge, { name: 'charge' });
  return DBOS.runStep(() => ship(shelf), { name: 'ship' });
}, { name: 'order' });
await DBOS.launch();
const handle = await DBOS.startWorkflow(order, { workflowID: 'order-1' })();
console.log(await handle.getResult());
await DBOS.shutdown();
