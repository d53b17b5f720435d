import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../src/core/ids.ts';
import { readActorView } from '../../src/kinds/actors/read-actor-view.ts';
import { openSqliteReader } from '../../src/open-records.ts';
import type { RuntimeClient } from '../../src/runtime/client-api.ts';
import { createClient } from '../../src/runtime/create-client.ts';

/** What was acknowledged, and what there is of it in the end. */
export interface Deaths {
  readonly deaths: number;
  readonly acknowledged: number;
  /** What is there more than once, or not at all, each in words. */
  readonly wrong: readonly string[];
}

/** Requests of each kind under way at the same time. */
const width = 4;
/** An owner answers so many times, at most, before it is killed: with it alone that is counted, a slow machine gets on, too. */
const maxAnswers = 8;
/** And lives for so long after that, at most, ms. */
const maxRestMs = 60;
/** One that answers nothing is killed after so long, ms. */
const maxLifeMs = 10_000;

/** One of everything that changes something, numbered. */
async function doOne(client: RuntimeClient, n: number, answered: () => void): Promise<void> {
  const labels = { n: String(n) };
  const [{ executionId, created }, other] = await Promise.all([client.start('counted', { labels }), client.start('counted', { labels: { other: String(n) } })]);
  answered();
  if (!created || !other.created) throw new Error(`A start of ${n} was answered as one that was known`);
  const [, , , wasCancelled, published] = await Promise.all([
    client.signal(executionId, 'go', { n }), client.signal(executionId, 'stop', { n }), client.send('tally', { type: 'add', n } as { type: string }),
    client.cancel(other.executionId), client.publish('jobs', { n }),
  ]);
  answered();
  if (!wasCancelled || published.duplicate) throw new Error(`A cancel (${wasCancelled}), or a publish (${published.duplicate}), of ${n} was answered as done before`);
  const generation = await client.retry(other.executionId);
  answered();
  if (generation !== 2) throw new Error(`The retry of ${n} began generation ${generation}`);
  if (!(await client.cancel(other.executionId))) throw new Error(`The second cancel of ${n} came too late`);
  const { steps } = await client.settled(executionId);
  answered();
  if (JSON.stringify(steps[0]?.output) !== JSON.stringify({ n })) throw new Error(`The signal of ${n} came as ${JSON.stringify(steps[0]?.output)}`);
}

/** Kills the owner of a database again and again while a client asks for things, then counts what came of them. */
export async function countDeaths(deaths: number, random: Random): Promise<Deaths> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-deaths-'));
  const file = join(folder, 'a.db');
  const oracle = join(folder, 'oracle.txt');
  const begin = async (): Promise<ChildProcess> => {
    const owner = spawn(process.execPath, ['--conditions=flowstone-source', join(import.meta.dirname, 'mortal-owner.ts'), file, oracle], { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.race([once(owner.stdout, 'data'), once(owner, 'exit').then(() => Promise.reject(new Error('An owner ended by itself')))]);
    return owner;
  };
  const kill = async (owner: ChildProcess): Promise<void> => {
    owner.kill('SIGKILL');
    await once(owner, 'exit');
  };
  let owner = await begin();
  const client = createClient({ read: () => openSqliteReader({ file }), timeoutMs: 120_000 });
  let acknowledged = 0;
  let answers = 0;
  let isOver = false;
  let last = 0;
  const work = async (): Promise<void> => {
    while (!isOver) {
      await doOne(client, ++last, () => answers++);
      acknowledged++;
    }
  };
  try {
    const working = Promise.all(Array.from({ length: width }, work));
    working.catch(() => (isOver = true));
    for (let death = 0; death < deaths && !isOver; death++) {
      // In the middle of whatever it does: that is what is tried.
      const enough = answers + Math.floor(random.next() * maxAnswers);
      const end = performance.now() + maxLifeMs;
      while (answers < enough && performance.now() < end && !isOver) await new Promise(resolve => setTimeout(resolve, 2));
      await new Promise(resolve => setTimeout(resolve, random.next() * maxRestMs));
      await kill(owner);
      owner = await begin();
    }
    isOver = true;
    await working;
    return { deaths, acknowledged, wrong: await judge(file, oracle, client, last) };
  } finally {
    client.close();
    await kill(owner);
    rmSync(folder, { recursive: true });
  }
}

async function judge(file: string, oracle: string, client: RuntimeClient, last: number): Promise<string[]> {
  const wrong: string[] = [];
  const reader = openSqliteReader({ file });
  const noted = new Set(readFileSync(oracle, 'utf8').split('\n'));
  const actor = await readActorView(reader, 'tally', 1);
  const { seen = [] } = (actor?.root.context ?? {}) as { readonly seen?: readonly number[] };
  const messages = (['pending', 'processing', 'retrying', 'completed', 'dead'] as const).flatMap(status => reader.listMessages({ queue: 'jobs', status, limit: 100_000 }));
  for (let n = 1; n <= last; n++) {
    const expectOne = (what: string, count: number): void => void (count === 1 || wrong.push(`${count} times ${what} of ${n}`));
    const { executions } = await client.list({ labels: { n: String(n) } });
    expectOne('an execution', executions.length);
    expectOne('a cancelled execution', (await client.list({ labels: { other: String(n) } })).executions.filter(({ generation }) => generation === 2).length);
    const [execution] = executions;
    const record = execution && reader.getExecution(execution.executionId);
    if (record && reader.listSignals(record.key).length > 0) wrong.push(`a signal of ${n} is there twice`);
    if (!noted.has(`step ${n}`)) wrong.push(`the step of ${n} has not run`);
    expectOne('an event', seen.filter(one => one === n).length);
    expectOne('a message', messages.filter(({ payload }) => payload === JSON.stringify({ n })).length);
  }
  reader.close();
  return wrong;
}
