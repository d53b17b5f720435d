/* The process whose writes are recorded: recorded-process.ts FOLDER DURABILITY FLOWS. It kills itself when all is done. */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime } from 'flowstone';
import type { Durability } from 'flowstone/sqlite';
import { openSqliteStore } from '../../../src/open-records.ts';
import { actorId, createWork, flow, machine, queue } from './recorded-program.ts';
import type { Witnessed } from './witness.ts';

const [folder = '', durability = 'power', flows = '0'] = process.argv.slice(2);
const witness = openSync(join(folder, 'witness'), 'a');
const note = (seen: Witnessed): void => void writeSync(witness, `${JSON.stringify(seen)}\n`);

const runtime = await createRuntime({
  store: openSqliteStore({ file: join(folder, 'recorded.db'), durability: durability as Durability }),
  flows: [flow], tools: [createWork(note)], queues: [queue], machines: [machine], listen: false,
});
await runtime.consume(queue, ({ messageId: id }) => note({ what: 'handled', id }));
const actor = await runtime.spawn(machine, { id: actorId });
const settling: Promise<void>[] = [];
for (let number = 0; number < Number(flows); number++) {
  const execution = await runtime.start('recorded', { input: { number }, idempotencyKey: `flow-${number}` });
  const { executionId: id } = execution;
  note({ what: 'started', id });
  settling.push(execution.settled().then(() => note({ what: 'settled', id })));
  const { messageId } = await runtime.publish(queue, { number });
  note({ what: 'published', id: messageId });
  await actor.send({ type: 'add', number });
  note({ what: 'sent', number });
  // Now and then everything rests, so that the states are not all of the same kind.
  if (number % 4 === 3) await Promise.all(settling);
}
await Promise.all(settling);
process.kill(process.pid, 'SIGKILL');
