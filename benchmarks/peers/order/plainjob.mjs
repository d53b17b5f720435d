import Database from 'better-sqlite3';
import { better, defineQueue, defineWorker } from 'plainjob';
import { charge, reserve, ship, toFile } from '../../order/steps.mjs';

const database = new Database(toFile('order.db'));
// A job that was cut off is taken up again when it is thought to be lost: here after a second.
const queue = defineQueue({ connection: better(database), timeout: 1_000, maintenanceInterval: 200, logger: { error() {}, warn() {}, info() {}, debug() {} } });
const { promise: track, resolve } = Promise.withResolvers();
const steps = {
  reserve: async () => queue.add('step', { name: 'charge', shelf: await reserve() }),
  charge: async ({ shelf }) => queue.add('step', { name: 'ship', shelf, receipt: await charge() }),
  ship: async ({ shelf }) => resolve(await ship(shelf)),
};
// A queue has no flow: which step comes next is in the job, and what is unfinished is asked of the database.
const { open } = database.prepare('SELECT count(*) AS open FROM plainjob_jobs WHERE status < 2').get();
if (open === 0) queue.add('step', { name: 'reserve' });
const worker = defineWorker('step', async ({ data }) => {
  const job = JSON.parse(data);
  await steps[job.name](job);
}, { queue, logger: { error() {}, warn() {}, info() {}, debug() {} }, pollIntervall: 10 });
void worker.start();
console.log(await track);
await worker.stop();
queue.close();
