// A process with many unfinished flows: it starts them, or goes on with them and says when the first handler runs again.
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { type Durability } from 'flowstone/sqlite';
import { openSqliteStore } from '../../src/open-records.ts';

const [file, durability, role, flows] = process.argv.slice(2) as [string, Durability, 'start' | 'resume', string];
let begun = 0;
const hold = defineTool({
  name: 'hold',
  run: () => {
    begun++;
    if (role === 'resume' && begun === 1) process.stdout.write('first ');
    if (role === 'start' && begun === Number(flows)) process.stdout.write('all ');
    return new Promise<never>(() => {});
  },
});
const keepAlive = setInterval(() => {}, 60_000);
const flow = defineFlow({ id: 'unfinished', steps: [{ id: 'a', uses: 'tool:hold', with: { text: '{% input.text %}' } }, { id: 'b', uses: 'tool:hold', depends_on: ['a'] }] });
// Loading the program is not what is measured; opening the database and everything after it is.
process.stdout.write('loaded ');
const runtime = await createRuntime({ store: openSqliteStore({ file, durability }), flows: [flow], tools: [hold], maxActiveFlows: 4_096, maxRunningSteps: 4_096, maxInterruptions: 1_000 });
if (role === 'start') await Promise.all(Array.from({ length: Number(flows) }, (_, number) => runtime.start('unfinished', { input: { text: `flow ${number}` } })));
process.on('exit', () => clearInterval(keepAlive));
