/**
 * `leave FILE FLOWS BEGUN` starts flows and kills itself while their first steps run; `recover FILE FLOWS BEGUN` goes on
 * with them and prints when what happened, ms since BEGUN (epoch ms).
 */
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';

const [role, file, count, begunAt] = process.argv.slice(2);
const flows = Number(count);
const since = () => performance.timeOrigin + performance.now() - Number(begunAt);
const startedMs = since();

let running = 0;
let firstMs = 0;
const all = Promise.withResolvers();
const hang = defineTool({
  name: 'hang',
  run: () => {
    if (running === 0) firstMs = since();
    if (++running === flows) all.resolve();
    return new Promise(() => {});
  },
});
const flow = defineFlow({ id: 'bench', steps: [{ id: 'first', uses: 'tool:hang' }, { id: 'second', uses: 'tool:hang', depends_on: ['first'] }] });

const runtime = await createRuntime({
  store: openSqliteStore({ file, durability: 'process' }),
  tools: [hang],
  flows: [flow],
  maxActiveFlows: flows,
  maxRunningSteps: flows,
});
const openMs = since();
// Nothing else keeps a process alive whose handlers never answer.
setInterval(() => {}, 1_000);

if (role === 'leave') {
  for (let index = 0; index < flows; index += 500) {
    await Promise.all(Array.from({ length: Math.min(500, flows - index) }, () => runtime.start('bench')));
  }
  await all.promise;
  process.kill(process.pid, 'SIGKILL');
} else {
  await all.promise;
  const allMs = since();
  console.log(JSON.stringify({ startedMs, openMs, firstMs, allMs, rssMb: process.resourceUsage().maxRSS / 1024 }));
  process.exit(0);
}
