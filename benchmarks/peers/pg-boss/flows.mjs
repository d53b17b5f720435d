import { PgBoss } from 'pg-boss';
import { measureFlows } from '../measure.mjs';
import { createDatabase, readSize } from '../postgres-url.mjs';
import { QueueFlows, isChain } from '../steps.mjs';

/**
 * pg-boss on PostgreSQL: a job per step, which sends the next. Its workers poll every half second at the fastest, so the
 * queue is made with `notify` (LISTEN/NOTIFY wakes them) and the workers take batches of as many jobs as flows are under way.
 */
export default async function run(parameters) {
  const { dependsOn, atOnce, durability, flows, warmUp } = parameters;
  if (!isChain(dependsOn)) throw Object.assign(new Error('a queue has no dependencies'), { name: 'Skipped' });
  const url = await createDatabase(durability);
  const boss = new PgBoss({ connectionString: url, useListenNotify: true, supervise: false, schedule: false });
  boss.on('error', error => console.error(error));
  await boss.start();
  await boss.createQueue('steps', { notify: true });
  const chains = new QueueFlows(dependsOn.length, job => boss.send('steps', job));
  await boss.work('steps', { batchSize: atOnce, pollingIntervalSeconds: 0.5 }, jobs => Promise.all(jobs.map(job => chains.handle(job.data))));
  const empty = await readSize(url);
  const measured = await measureFlows(parameters, () => chains.runFlow());
  const bytesPerStep = ((await readSize(url)) - empty) / ((flows + warmUp) * dependsOn.length);
  await boss.stop({ graceful: false });
  return { ...measured, bytesPerStep };
}
