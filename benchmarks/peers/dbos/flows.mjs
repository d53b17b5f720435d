import { DBOS } from '@dbos-inc/dbos-sdk';
import { measureFlows } from '../measure.mjs';
import { createDatabase, readSize } from '../postgres-url.mjs';
import { runGraph, work } from '../steps.mjs';

const silent = { info() {}, debug() {}, warn() {}, error: (...words) => console.error(...words) };

/** DBOS on PostgreSQL: a registered workflow whose steps are `DBOS.runStep`. */
export default async function run(parameters) {
  const { dependsOn, durability, flows, warmUp } = parameters;
  const url = await createDatabase(durability);
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logger: silent });
  const names = dependsOn.map((_, position) => ({ name: `step-${position}` }));
  const workflow = DBOS.registerWorkflow(() => runGraph(dependsOn, position => DBOS.runStep(work, names[position])), { name: 'flow' });
  await DBOS.launch();
  const empty = await readSize(url);
  const measured = await measureFlows(parameters, () => workflow());
  const bytesPerStep = ((await readSize(url)) - empty) / ((flows + warmUp) * dependsOn.length);
  await DBOS.shutdown();
  return { ...measured, bytesPerStep };
}
