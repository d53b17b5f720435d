import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { createRuntime, isFlowError } from 'flowstone';
import type { ExecutionDetails, Runtime } from 'flowstone';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { replayJournal } from 'flowstone/testing';
import { actorId, createWork, flow, machine, queue, rowsPerFlow } from './recorded-program.ts';
import type { Acknowledged } from './witness.ts';

export interface Examined {
  /** What somebody was told and is not there. */
  readonly losses: readonly string[];
  /** What contradicts itself, or happened twice. */
  readonly errors: readonly string[];
  readonly replays: number;
}

const open = (file: string, recover: boolean): Promise<Runtime> =>
  createRuntime({
    store: openSqliteStore({ file, durability: 'process' }), flows: [flow], tools: [createWork(() => {})], queues: [queue], machines: [machine], recover, listen: false, retentionMs: null,
  });

/** Opens what a power cut left, and asks for everything that was acknowledged. `goOn`: also lets all of it run to its end. */
export async function examineDisk(file: string, acknowledged: Acknowledged, goOn: boolean): Promise<Examined> {
  const losses: string[] = [];
  const errors: string[] = [];
  if (!existsSync(file)) return { losses: acknowledged.started.size > 0 ? ['the database is gone'] : [], errors, replays: 0 };
  let replays = 0;
  try {
    const runtime = await open(file, false);
    try {
      const executions = await readExecutions(runtime);
      losses.push(...(await findLosses(runtime, executions, acknowledged)));
      errors.push(...findDoubles(file, executions));
    } finally {
      await runtime.stop();
    }
    replays = await replayAll(file, errors);
    if (goOn && losses.length === 0) errors.push(...(await finish(file)));
  } catch (error) {
    errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return { losses, errors, replays };
}

async function readExecutions(runtime: Runtime): Promise<Map<string, ExecutionDetails>> {
  const executions = new Map<string, ExecutionDetails>();
  for (const { executionId } of await runtime.list({ limit: 10_000 })) executions.set(executionId, await (await runtime.get(executionId)).get({ items: true }));
  return executions;
}

async function findLosses(runtime: Runtime, executions: ReadonlyMap<string, ExecutionDetails>, { started, settled, published, handled, sent, runs }: Acknowledged): Promise<string[]> {
  const losses: string[] = [];
  for (const id of started) if (!executions.has(id)) losses.push(`${id} was started`);
  for (const id of settled) if (executions.get(id)?.passed !== true) losses.push(`${id} had settled, it is ${executions.get(id)?.status}`);
  const attempts = new Map([...executions.values()].flatMap(({ executionId, steps }) => steps.map(({ stepId, item, attempts: count }) => [`${executionId}/${stepId}${item === undefined ? '' : `[${item}]`}#1`, count])));
  for (const [key, attempt] of runs) if ((attempts.get(key) ?? 0) < attempt) losses.push(`attempt ${attempt} of ${key} had begun, ${attempts.get(key) ?? 'none'} is stored`);
  for (const id of new Set([...published, ...handled])) {
    const message = await runtime.queues.get(id).catch((error: unknown) => (isFlowError(error, 'message_not_found') ? undefined : Promise.reject(error as Error)));
    if (!message) losses.push(`message ${id} was ${handled.has(id) ? 'handled' : 'published'}`);
    else if (handled.has(id) && message.attempt === 0) losses.push(`message ${id} was handled, its claim is not stored`);
  }
  if (sent.size > 0) {
    const actor = await runtime.actor<typeof machine>(actorId).catch((error: unknown) => (isFlowError(error, 'actor_not_found') ? undefined : Promise.reject(error as Error)));
    const seen = new Set(actor?.getSnapshot().context.seen);
    for (const number of sent) if (!seen.has(number)) losses.push(`event ${number} was sent`);
  }
  return losses;
}

/** Rows of the handlers' own: one for each step that completed, as both are in one commit. */
function findDoubles(file: string, executions: ReadonlyMap<string, ExecutionDetails>): string[] {
  const errors: string[] = [];
  const database = new Database(file, { readonly: true });
  try {
    const integrity = database.pragma('integrity_check', { simple: true });
    if (integrity !== 'ok') errors.push(`the file is damaged: ${String(integrity)}`);
    const hasBook = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'book'").get() !== undefined;
    const rows = hasBook ? (database.prepare('SELECT key, count(*) AS count FROM book GROUP BY key').all() as { key: string; count: number }[]) : [];
    for (const { key, count } of rows) if (count > 1) errors.push(`${key} wrote ${count} rows`);
    const isWork = ({ stepId, item }: ExecutionDetails['steps'][number]): boolean => stepId === 'first' || stepId === 'last' || (stepId === 'each' && item !== undefined);
    const completed = [...executions.values()].flatMap(({ steps }) => steps.filter(step => isWork(step) && step.status === 'completed')).length;
    if (completed !== rows.length) errors.push(`${completed} steps are completed, ${rows.length} wrote their row`);
  } finally {
    database.close();
  }
  return errors;
}

/** The journal leads to whatever is stored. */
async function replayAll(file: string, errors: string[]): Promise<number> {
  const runtime = await open(file, false);
  const ids = (await runtime.list({ limit: 10_000 })).map(({ executionId }) => executionId);
  await runtime.stop();
  const reader = openSqliteReader({ file });
  try {
    for (const id of ids) {
      for (const from of ['start', 'checkpoint'] as const) {
        const { mismatches } = await replayJournal(reader, id, { from });
        if (mismatches.length > 0) errors.push(`the journal of ${id} leads elsewhere: ${JSON.stringify(mismatches[0])}`);
      }
    }
  } finally {
    reader.close();
  }
  return ids.length;
}

/** Goes on until all has settled: everything passes, and every handler's row is there once. */
async function finish(file: string): Promise<string[]> {
  const errors: string[] = [];
  const runtime = await open(file, true);
  try {
    for (const { executionId } of await runtime.list({ limit: 10_000 })) {
      const { status, passed } = await runtime.settled(executionId);
      if (passed !== true) errors.push(`${executionId} went on and ended as ${status}`);
    }
    const executions = await readExecutions(runtime);
    const missing = [...executions.values()].filter(({ steps }) => steps.filter(({ status }) => status === 'completed').length !== rowsPerFlow + 2);
    if (missing.length > 0) errors.push(`${missing[0]?.executionId} settled without all of its steps`);
    errors.push(...findDoubles(file, executions));
  } finally {
    await runtime.stop();
  }
  return errors;
}
