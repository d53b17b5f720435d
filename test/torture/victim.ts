// The process that is killed: goes on with what is unfinished, starts what is missing, ends when all has settled.
import { createRuntime, type ToolCall } from 'flowstone';
import { type Durability, type SqliteDriver } from 'flowstone/sqlite';
import { openSqliteStore } from '../../src/open-records.ts';
import type { CheckpointRule } from '../../persistence/store.ts';
import { openOracle } from './oracle.ts';
import { createVictimTools, victimFlow } from './victim-flow.ts';

const [file, oracleFile, durability, driver, flows, checkpoints] = process.argv.slice(2) as [string, string, Durability, SqliteDriver, string, CheckpointRule];
const oracle = openOracle(oracleFile);
const note = (what: 'start' | 'end', { executionId, stepId, attempt, idempotencyKey: key }: ToolCall): void => {
  oracle.note({ what, executionId, stepId, attempt, key });
  // One byte per event: whoever watches kills after so many.
  process.stdout.write('.');
};
const runtime = await createRuntime({
  store: Object.assign(openSqliteStore({ file, durability, driver }), { checkpoints }),
  flows: [victimFlow],
  tools: createVictimTools(call => note('start', call), call => note('end', call)),
  maxInterruptions: 1_000,
});
await Promise.all(
  Array.from({ length: Number(flows) }, async (_, value) => {
    const execution = await runtime.start('victim', { input: { value }, idempotencyKey: `victim-${value}` });
    const { executionId, created } = execution;
    if (created) oracle.note({ what: 'answered', executionId, stepId: '', attempt: 0, key: '' });
    await execution.settled();
    oracle.note({ what: 'settled', executionId, stepId: '', attempt: 0, key: '' });
  }),
);
await runtime.stop();
oracle.close();
