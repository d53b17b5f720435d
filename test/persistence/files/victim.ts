/* Commits without end and says so after each commit: `node victim.ts FOLDER DURABILITY`. To be killed. */
import { writeSync } from 'node:fs';
import { openFilesStore } from '../../../src/files.ts';
import { completed, makeAttempt, makeBatch, makeExecution, makeStep, scored } from '../conformance/fixtures.ts';

const [folder = '', durability = 'power'] = process.argv.slice(2);
const store = openFilesStore({ folder, durability: durability as 'power' | 'process' });
let key = store.acquire({ pid: process.pid, hostname: 'victim', startedAt: 1, socket: null });
writeSync(1, `begin ${key}\n`);
for (;;) {
  key++;
  store.commit(makeBatch({ executions: [makeExecution(key, scored)], steps: [makeStep(key, 0, completed)], attempts: [makeAttempt(key, 0, { output: JSON.stringify('x'.repeat((key * 997) % 40_000)) })] }));
  writeSync(1, `${key}\n`);
}
