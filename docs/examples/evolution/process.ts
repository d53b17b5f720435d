import { join } from 'node:path';
import { joinRuntime } from 'flowstone';
import { openSqliteReader, openSqliteStore } from 'flowstone/sqlite';
import { Centre } from './centre.ts';
import { Instance } from './instance.ts';
import type { Proposal } from './queues.ts';
import { queues } from './queues.ts';

// One process: `node process.ts FOLDER NAME [CAUTION]`; the name `centre` is the centre, any other an instance.
const [folder = '.', name = 'centre', caution = '5'] = process.argv.slice(2);
const file = join(folder, 'queues.db');
const joined = await joinRuntime({ open: () => openSqliteStore({ file }), read: () => openSqliteReader({ file }), queues });
const own = join(folder, `${name}.db`);

if (name === 'centre') {
  await new Centre({ file: own, queues: joined }).begin();
} else {
  const instance = new Instance({ name, file: own, queues: joined, caution: Number(caution), moved: (proposalId, state) => process.send?.({ type: 'moved', proposalId, state }) });
  process.on('message', proposal => void instance.propose(proposal as Omit<Proposal, 'instanceId'>));
  await instance.begin();
}
process.send?.({ type: 'ready' });
process.on('disconnect', () => process.exit());
