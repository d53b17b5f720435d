/* Publishes and handles until the disk takes no more; prints what it was answered. Started with a limit on file sizes. */
import { createRuntime, defineQueue, isFlowError } from 'flowstone';
import { openSqliteStore } from '../../src/open-records.ts';

process.on('SIGXFSZ', () => {});
const jobs = defineQueue({ name: 'jobs' });
const runtime = await createRuntime({ store: openSqliteStore({ file: process.argv[2] ?? '' }), queues: [jobs] });
const published: string[] = [];
let acknowledged = 0;
await runtime.consume(jobs, () => void acknowledged++);
let code = 'none';
try {
  for (let number = 0; number < 10_000; number++) published.push((await runtime.publish(jobs, { number, text: 'x'.repeat(5_000) })).messageId);
} catch (error) {
  code = isFlowError(error) ? error.code : String(error);
}
await runtime.stop({ timeoutMs: 0 });
console.log(JSON.stringify({ published, acknowledged, code }));
