import { join } from 'node:path';
import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';
import { measureFlows, toBytesPerStep } from '../measure.mjs';
import { runGraph, toSynchronous, work } from '../steps.mjs';

/**
 * OpenWorkflow on its SQLite backend (node:sqlite). Its worker polls, and sleeps 50 to 100 ms whenever it found all its
 * slots taken; to be measured rather than its sleep, the worker's `tick` is called here as often as it likes.
 */
export default async function run(parameters, { directory }) {
  const { dependsOn, atOnce, durability } = parameters;
  const file = join(directory, 'app.db');
  const backend = BackendSqlite.connect(file);
  const synchronous = toSynchronous(durability);
  if (synchronous) backend.db.exec(`pragma synchronous = ${synchronous}`);

  const client = new OpenWorkflow({ backend });
  const ended = new Map();
  const names = dependsOn.map((_, position) => ({ name: `step-${position}` }));
  const workflow = client.defineWorkflow({ name: 'flow' }, async ({ step, run: { id } }) => {
    await runGraph(dependsOn, position => step.run(names[position], work));
    setImmediate(() => ended.get(id)?.());
  });
  const worker = client.newWorker({ concurrency: atOnce });
  const closing = new AbortController();
  const loop = (async () => {
    while (!closing.signal.aborted) {
      await worker.tick();
      await new Promise(resolve => setImmediate(resolve));
    }
  })();

  const measured = await measureFlows(parameters, async () => {
    const { promise, resolve } = Promise.withResolvers();
    const handle = await workflow.run();
    const { id } = handle.workflowRun;
    ended.set(id, resolve);
    await promise;
    ended.delete(id);
  });
  closing.abort();
  await loop;
  while (worker.activeExecutions.size > 0) await new Promise(resolve => setImmediate(resolve));
  await backend.stop();
  return { ...measured, bytesPerStep: toBytesPerStep(file, parameters) };
}
