/*
 * One of the processes of a storm: takes part in a database until it is killed.
 * storm-process.ts FOLDER DURABILITY TIMEOUT FIRST-FLOW FIRST-MESSAGE publishes|handles. A file `quiet` in the folder: begins nothing new.
 */
import { existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isFlowError, joinRuntime } from 'flowstone';
import type { Runtime } from 'flowstone';
import type { Durability } from 'flowstone/sqlite';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { accounts, answers, createAccount, createFlows, createWork, isHopeless, jobs, partitionOf, plain, wait } from './storm-program.ts';
import type { Witnessed } from './storm-witness.ts';

const [folder = '', durability = 'process', timeout = '60000', firstFlow = '0', firstMessage = '0', role = 'handles'] = process.argv.slice(2);
const flowsAtOnce = 12;
const file = join(folder, 'storm.db');
const witness = openSync(join(folder, 'witness'), 'a');
const note = (seen: Witnessed): void => void writeSync(witness, `${JSON.stringify(seen)}\n`);
const isQuiet = (): boolean => existsSync(join(folder, 'quiet'));
const { pid } = process;

const account = createAccount(note);
const joined = await joinRuntime({
  open: () => openSqliteStore({ file, durability: durability as Durability }), read: () => openSqliteReader({ file }),
  flows: createFlows(Number(timeout)), tools: [createWork(note)], machines: [account], queues: [jobs, answers, plain], maxInterruptions: 100_000,
});
note({ what: 'ready', pid });

await joined.consume(jobs, async ({ payload, correlationId, messageId, attempt, publish }) => {
  note({ what: 'job', messageId });
  await wait(Math.random() * 15);
  if (payload.q % 5 === 0 && attempt === 1) throw new Error('Not the first time');
  publish(answers, { r: payload.q }, correlationId === undefined ? {} : { correlationId });
}, { workers: 2, concurrency: 2, batchSize: 2 });

await joined.consume(plain, async ({ payload: { n }, messageId, attempt }) => {
  note({ what: 'plain', messageId, n });
  await wait(Math.random() * 8);
  if (isHopeless(n) || (n % 31 === 0 && attempt === 1)) throw new Error('no');
  note({ what: 'plain.end', messageId, n });
}, { workers: 2, concurrency: 2, batchSize: 3 });

/** Goes on after every error: the owner may be gone, and its successor takes the same message under the same key. */
async function publishAll(): Promise<void> {
  for (let n = Number(firstMessage); !isQuiet(); ) {
    const partitionKey = partitionOf(n);
    try {
      const { messageId } = await joined.publish(plain, { n }, { idempotencyKey: `m-${n}`, ...(partitionKey !== undefined && { partitionKey }), priority: partitionKey === undefined ? n % 2 : 0 });
      note({ what: 'published', n, messageId });
      n++;
    } catch (error) {
      if (!isFlowError(error)) throw error;
    }
    await wait(20);
  }
}

let flow = Number(firstFlow);

async function startFlows(runtime: Runtime): Promise<void> {
  const live = (await runtime.list({ status: ['pending', 'stepping', 'consolidating'], flowId: 'parent', limit: 100 })).length;
  for (let count = live; count < flowsAtOnce; count++) {
    const n = flow++;
    const execution = await runtime.start('parent', { input: { v: n }, idempotencyKey: `f-${n}` });
    const { executionId } = execution;
    note({ what: 'started', n, executionId });
    execution.settled().then(() => note({ what: 'settled', executionId }), () => undefined);
  }
}

async function sendEvents(runtime: Runtime): Promise<void> {
  for (const id of accounts) {
    const actor = await runtime.spawn(account, { id: `account-${id}`, input: { id } });
    const n = `${pid}-${process.hrtime.bigint()}`;
    note({ what: 'sending', account: actor.address, n });
    if (await actor.send({ type: 'add', n })) note({ what: 'sent', account: actor.address, n });
  }
}

async function isAtRest(runtime: Runtime): Promise<boolean> {
  const flows = await runtime.list({ status: ['pending', 'stepping', 'consolidating'], limit: 1 });
  return flows.length === 0 && (await runtime.queues.stats()).every(({ depth }) => depth === 0);
}

if (role === 'publishes') void publishAll();
for (let owned: Runtime | undefined; ; await wait(15)) {
  const { runtime } = joined;
  if (!runtime) continue;
  try {
    if (runtime !== owned) note({ what: 'owner', pid });
    owned = runtime;
    if (!isQuiet()) {
      await startFlows(runtime);
      await sendEvents(runtime);
    } else if (await isAtRest(runtime)) note({ what: 'idle', pid });
  } catch (error) {
    // It may be an owner no more.
    if (!isFlowError(error)) throw error;
  }
}
