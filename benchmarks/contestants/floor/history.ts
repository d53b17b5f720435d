import { join } from 'node:path';
import Database from 'better-sqlite3';
import { computeSpread } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import { toChain } from '../../trials/flows.ts';
import type { HistoryParameters } from '../../trials/history.ts';
import { openRuntime, toFlow } from '../flowstone/open.ts';

/** The rows of the journal, read and parsed; steps joined with what their attempts returned. */
const run: Run<HistoryParameters> = async ({ steps, reads }, { directory }) => {
  const file = join(directory, 'app.db');
  const runtime = await openRuntime({ file, durability: 'process', flows: [toFlow('bench', toChain(steps))] });
  await (await runtime.start('bench')).settled();
  await runtime.stop();

  const database = new Database(file, { readonly: true });
  const readJournal = database.prepare('SELECT entries FROM journal ORDER BY seq').pluck();
  const readSteps = database.prepare(`SELECT s.*, a.output FROM steps s JOIN attempts a USING (execution_key, position, item) WHERE a.status = 'completed'`);
  const readTimes: number[] = [];
  const getTimes: number[] = [];
  let transitions = 0;
  for (let index = 0; index < reads; index++) {
    transitions = 0;
    const begun = performance.now();
    for (const entries of readJournal.all() as string[]) transitions += (JSON.parse(entries) as unknown[]).length;
    const read = performance.now();
    for (const row of readSteps.all() as { output: string }[]) JSON.parse(row.output);
    readTimes.push(read - begun);
    getTimes.push(performance.now() - read);
  }
  database.close();
  const readMs = computeSpread(readTimes).median;
  return { transitionsPerSecond: (transitions / readMs) * 1_000, readMs, getMs: computeSpread(getTimes).median };
};

export default run;
