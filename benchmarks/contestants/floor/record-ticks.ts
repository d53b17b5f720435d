import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createRuntime, defineFlow, defineQueue, defineTool } from 'flowstone';
import type { FlowSource } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';

/** One write: its statement, its values, and which of them name the execution. */
export interface Write {
  readonly sql: string;
  readonly values: unknown[];
  readonly keyAt: readonly number[];
  /** Where the execution's id stands, and what follows it in the same text, as in the id of its consolidated session. */
  readonly idAt: readonly { readonly index: number; readonly suffix: string }[];
  /** Whether its first value is a number that the owner gives, each once. */
  readonly isNumbered: boolean;
}

/** The writes of one commit. */
export type Tick = readonly Write[];

interface Statement {
  readonly reader: boolean;
  run(...values: unknown[]): { changes: number };
}

// Far from any number that means something else.
const recordedKey = 7_700_000_000;

// What is there already: the keys that an owner gives begin behind it.
const settledExecution = `
  INSERT INTO executions (key, execution_id, generation, flow_id, flow_version, digest, priority, context, seq, created_at, status, started_at, settled_at, score, passed)
  VALUES (?, 'before', 1, 'before', '1', 'before', 0, '{}', 0, 0, 'scored', 0, 0, 1, 1)`;
const settledMessage = `
  INSERT INTO messages (key, message_id, queue, version, priority, max_attempts, max_interruptions, published_at, visible_at, status, claim, attempt, interruptions,
    generation, claimed_at, settled_at, history, payload)
  VALUES (?, 'before', 'before', 1, 0, 1, 1, 0, 0, 'completed', 1, 1, 0, 1, 0, 0, '', '1')`;

/**
 * Lets Flowstone run one flow and notes what it writes, commit by commit. The floor then writes exactly these rows, whatever
 * the schema, with nothing around it.
 */
export async function recordTicks(directory: string, flow: FlowSource, input: unknown = {}): Promise<Tick[]> {
  const database = new Database(join(directory, 'recorded.db'));
  const ticks = spyOn(database);
  const store = openSqliteStore({ database, durability: 'process' });
  database.prepare(settledExecution).run(recordedKey);
  const work = defineTool({ name: 'work', run: () => ({ ok: true, v: 'x'.repeat(100) }) });
  const runtime = await createRuntime({ store, tools: [work], flows: [defineFlow(flow)], listen: false });
  // The first one also stores the definition; what every further one writes is what counts.
  await (await runtime.start(flow.id, { input })).settled();
  ticks.length = 0;
  const execution = await runtime.start(flow.id, { input });
  await execution.settled();
  const recorded = ticks.filter(tick => tick.length > 0).map(tick => tick.map(write => locate(write, execution.executionId)));
  await runtime.stop();
  database.close();
  if (recorded.length < 2) throw new Error(`Expected the writes of a whole flow, recorded ${recorded.length} commits`);
  return recorded;
}

/**
 * Lets Flowstone publish and handle one message, and notes the three commits of its life: published, claimed, done.
 */
export async function recordMessage(directory: string, payload: unknown): Promise<Tick[]> {
  const database = new Database(join(directory, 'recorded.db'));
  const ticks = spyOn(database);
  const store = openSqliteStore({ database, durability: 'process' });
  database.prepare(settledMessage).run(recordedKey);
  const jobs = defineQueue({ name: 'jobs' });
  const runtime = await createRuntime({ store, queues: [jobs], listen: false });
  // The first of a block also stores the block.
  await runtime.publish(jobs, payload, { delay: '1h' });
  ticks.length = 0;
  const { messageId } = await runtime.publish(jobs, payload);
  await runtime.consume(jobs, () => {});
  while ((await runtime.queues.peek('jobs', { status: 'completed' })).length === 0) await new Promise(resolve => setImmediate(resolve));
  const recorded = ticks.filter(tick => tick.length > 0).map(tick => tick.map(write => locate(write, messageId)));
  await runtime.stop({ timeoutMs: 0 });
  database.close();
  if (recorded.length !== 3) throw new Error(`Expected three commits of a message, recorded ${recorded.length}`);
  return recorded;
}

/** Notes every statement that changed a row, a list per transaction. */
export function spyOn(database: Database.Database): Write[][] {
  const ticks: Write[][] = [];
  const prepare = database.prepare.bind(database) as (sql: string) => Statement;
  const spied = (sql: string): Statement => {
    const statement = prepare(sql);
    if (statement.reader) return statement;
    const run = statement.run.bind(statement);
    statement.run = (...values) => {
      const result = run(...values);
      if (/^\s*begin/i.test(sql)) ticks.push([]);
      else if (/^\s*(insert|update|delete|replace)/i.test(sql) && result.changes > 0) {
        ticks.at(-1)?.push({ sql, values, keyAt: [], idAt: [], isNumbered: sql.startsWith('INSERT INTO journal (number,') });
      }
      return result;
    };
    return statement;
  };
  Object.assign(database, { prepare: spied });
  return ticks;
}

function locate({ sql, values, isNumbered }: Write, executionId: string): Write {
  const keyAt = values.flatMap((value, index) => (value === recordedKey + 2 ? [index] : []));
  const idAt = values.flatMap((value, index) => (typeof value === 'string' && value.startsWith(executionId) ? [{ index, suffix: value.slice(executionId.length) }] : []));
  return { sql, values: [...values], keyAt, idAt, isNumbered };
}
