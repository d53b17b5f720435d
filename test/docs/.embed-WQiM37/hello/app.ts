// app.ts
import { createRuntime, loadFlow } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { countWords } from './tools.ts';

const runtime = await createRuntime({
  store: openSqliteStore({ file: 'hello/words.db' }),
  tools: [countWords],
  flows: [await loadFlow('hello/words.yml')],
});
const execution = await runtime.start('words', { idempotencyKey: 'once' });
for await (const update of execution.transitions()) {
  if (update.type === 'transition') console.log(update.seq, update.address.split('/').slice(2).join('/'), update.event.type, '→', update.state);
}
const { score, steps } = await execution.settled();
console.log(execution.created ? 'counted' : 'counted before', score, steps.at(-1)?.output);
await runtime.stop();
