/**
 * `prepare-sleeping.ts FILE COUNT`: makes a database with so many flows that wait for a signal. One is started and put to
 * sleep by the runtime; its rows are then copied under new keys, because starting a million takes minutes.
 */
import Database from 'better-sqlite3';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import sleepingFlow from './sleeping-flow.json' with { type: 'json' };
import { sleeperIdFormat } from './sleeper-id.ts';

const [file = '', count = '1'] = process.argv.slice(2);

const runtime = await createRuntime({
  store: openSqliteStore({ file, durability: 'process' }),
  flows: [defineFlow(sleepingFlow)],
  tools: [defineTool({ name: 'woken', run: () => null })],
});
const { executionId } = await runtime.start(sleepingFlow.id);
await waitUntilAsleep(executionId);
await runtime.stop();

const database = new Database(file);
database.pragma('synchronous = OFF');
const { key } = database.prepare('SELECT key FROM executions WHERE execution_id = ?').get(executionId) as { key: number };
const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
for (const table of tables) {
  const columns = (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
  const keyColumn = table === 'executions' ? 'key' : 'execution_key';
  if (!columns.includes(keyColumn)) continue;
  const values = columns.map(name => (name === keyColumn ? `${name} + n` : name === 'execution_id' ? `printf('${sleeperIdFormat}', n)` : name));
  database
    .prepare(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
      INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM numbers CROSS JOIN ${table} WHERE ${keyColumn} = ?`)
    .run(Number(count) - 1, key);
}
database.pragma('wal_checkpoint(TRUNCATE)');
database.close();

async function waitUntilAsleep(id: string): Promise<void> {
  for (;;) {
    const { wakeAt, steps } = await (await runtime.get(id)).get();
    if (wakeAt === null && steps[0]?.status === 'waiting') return;
    await new Promise(resolve => setImmediate(resolve));
  }
}
