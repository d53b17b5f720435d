/*
 * One process of a storm: takes part in a database's queue, handles and publishes, until it is killed.
 * Arguments: database, oracle, name, durability, first number to publish and last, batch.
 */
import { appendFileSync } from 'node:fs';
import { defineQueue, joinRuntime } from 'flowstone';
import type { Durability } from 'flowstone/sqlite';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';

const [file = '', oracle = '', name = '', durability = 'process', first = '0', last = '0'] = process.argv.slice(2);

/** Out of the reach of the database: a line per thing that happened, each in one write. */
const note = (what: string, subject: number): void => appendFileSync(oracle, `${what} ${subject} ${name}\n`);

const storm = defineQueue({ name: 'storm', visibilityTimeoutMs: 20_000, maxInterruptions: 50, maxAttempts: 2, backoff: { initialInterval: 20 } });
const joined = await joinRuntime({
  open: () => openSqliteStore({ file, durability: durability as Durability }),
  read: () => openSqliteReader({ file }),
  queues: [storm],
});
console.log(joined.role);

await joined.consume(storm, ({ payload, attempt }) => {
  const number = payload as number;
  note('handle', number);
  if (number % 97 === 0) throw new Error('never');
  if (number % 31 === 0 && attempt === 1) throw new Error('not the first time');
}, { workers: 2, batchSize: 5, concurrency: 2 });

const size = 100;
for (let from = Number(first); from < Number(last); from += size) {
  const numbers = Array.from({ length: Math.min(size, Number(last) - from) }, (_, index) => from + index);
  // Published again after a kill: the key makes it the same message.
  await joined.publishMany(storm, numbers.map(number => ({ payload: number, idempotencyKey: String(number), ...(number % 7 === 0 && { partitionKey: `p${number % 5}` }), priority: number % 3 })));
  for (const number of numbers) note('published', number);
}
if (Number(last) > 0) note('all-published', Number(last));
