// The process that is killed while it makes a plan: goes on with what is unfinished, ends when the plan is whole.
import { openSqliteStore } from '../../src/open-records.ts';
import { openOracle } from './oracle.ts';
import { makePlan, openPipeline } from './pipeline-run.ts';

const [file, oracleFile, outputDir] = process.argv.slice(2) as [string, string, string];
const oracle = openOracle(oracleFile);
const runtime = await openPipeline({ store: openSqliteStore({ file, durability: 'process' }), outputDir }, ({ executionId, stepId, attempt, idempotencyKey: key }) => {
  oracle.note({ what: 'start', executionId, stepId, attempt, key });
  // One byte per handler: whoever watches kills after so many, and a moment more.
  process.stdout.write('.');
});
await makePlan(runtime);
await runtime.stop();
oracle.close();
