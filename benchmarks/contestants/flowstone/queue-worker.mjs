/** One of several processes that handle: `queue-worker.mjs <database> <batch>`. Begins with the first line it reads. */
import { defineQueue, joinRuntime } from 'flowstone';
import { openSqliteReader, openSqliteStore } from 'flowstone/sqlite';

const [file, batch] = process.argv.slice(2);
const jobs = defineQueue({ name: 'jobs' });
const joined = await joinRuntime({ open: () => openSqliteStore({ file }), read: () => openSqliteReader({ file }), queues: [jobs] });
process.stdin.once('data', () => void joined.consume(jobs, () => {}, { batchSize: Number(batch), concurrency: Number(batch) }));
console.log('ready');
