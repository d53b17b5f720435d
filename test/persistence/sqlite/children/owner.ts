import { makeBatch, makeExecution, makeStep, owner } from '../../conformance/fixtures.ts';
import { openSqliteStore } from '../../../../src/open-records.ts';

// Owns the file named first and writes until it is killed. Says `owned`, then `written N` once it has N commits.
const [file = '', commits = '1', driver] = process.argv.slice(2);
const store = openSqliteStore({ file, durability: 'process', ...(driver && { driver: driver as 'node:sqlite' }) });
store.acquire({ ...owner, pid: process.pid });
console.log('owned');
const target = Number(commits);
let done = 0;

function write(): void {
  done += 1;
  store.commit(makeBatch({ executions: [makeExecution(1, { seq: done })], steps: [makeStep(1, done)] }));
  if (done === target) console.log(`written ${done}`);
  setImmediate(write);
}

write();
