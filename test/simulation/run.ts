/*
 * Whole runtimes under seeds: `npm run simulate -- --seeds 1000` runs the seeds 1 to 1000, `--from` begins elsewhere,
 * `--seed S` repeats one and prints what is done to it. A seed that fails is printed with the fewest acts that fail.
 */
import { parseArgs } from 'node:util';
import { minimise } from './minimise.ts';
import { planSimulation } from './plan-simulation.ts';
import type { SimulationResult } from './simulate.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string' }, from: { type: 'string' }, seed: { type: 'string' } } });
const only = values.seed === undefined ? undefined : Number(values.seed);
const from = only ?? Number(values.from ?? 1);
const count = only === undefined ? Number(values.seeds ?? 100) : 1;
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || count < 1) {
  console.error('Expected `--seeds`, `--from` and `--seed` to be integers');
  process.exit(2);
}

const began = performance.now();
const sums = { executions: 0, commits: 0, crashes: 0, failed: 0 };
for (let seed = from; seed < from + count; seed++) {
  const plan = planSimulation(seed);
  const result: SimulationResult = await simulate(plan);
  sums.executions += result.executions;
  sums.commits += result.commits;
  sums.crashes += result.crashes;
  if (only !== undefined) console.log(JSON.stringify(plan, null, 1));
  if (result.complaints.length === 0) continue;
  sums.failed++;
  console.log(`seed ${seed} fails; again with: npm run simulate -- --seed ${seed}`);
  for (const complaint of result.complaints.slice(0, 5)) console.log(`  ${complaint}`);
  const acts = await minimise(plan.acts, async kept => (await simulate({ ...plan, acts: kept })).complaints.length > 0);
  console.log(`  the fewest acts that fail (${acts.length} of ${plan.acts.length}):`);
  for (const act of acts) console.log(`    ${JSON.stringify(act)}`);
}
const { executions, commits, crashes, failed } = sums;
console.log(`${count} seeds, ${executions} executions, ${commits} commits, ${crashes} crashes, ${failed} failed, ${((performance.now() - began) / 1_000).toFixed(1)} s`);
process.exit(failed === 0 ? 0 : 1);
