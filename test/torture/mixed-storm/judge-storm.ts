import Database from 'better-sqlite3';
import { createRuntime, SimulatedClock } from 'flowstone';
import type { ExecutionDetails, MessageDetails, Runtime } from 'flowstone';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { replayJournal } from 'flowstone/testing';
import { judgeAccounts } from './judge-accounts.ts';
import { judgeHandlers } from './judge-handlers.ts';
import { accounts, answers, createAccount, createFlows, createWork, isFlakyItem, isHopeless, jobs, partitionOf, plain, sumOfItems } from './storm-program.ts';
import type { Witnessed } from './storm-witness.ts';

export interface Judgement {
  readonly executions: number;
  readonly messages: number;
  readonly events: number;
  readonly transitions: number;
  readonly interruptions: number;
  /** Empty: everything held. */
  readonly complaints: readonly string[];
}

export type Complain = (complaint: string) => void;

const everything = { limit: 1_000_000 };
const isWork = ({ stepId, item }: ExecutionDetails['steps'][number]): boolean => ['a', 'end', 'c1', 'c2'].includes(stepId) || (stepId === 'each' && item !== undefined);

/** Compares what is stored, as anybody may ask for it, with what was written down outside: nothing lost, nothing doubled. */
export async function judgeStorm(file: string, seen: readonly Witnessed[], timeoutMs: number): Promise<Judgement> {
  const complaints: string[] = [];
  const complain: Complain = complaint => void (complaints.length < 30 && complaints.push(complaint));
  // A payment that was cut off stays so while it is judged.
  const account = createAccount(() => {}, () => new Promise(() => {}));
  // Time stands still: the accounts would go on while they are judged.
  const clock = new SimulatedClock(Date.now());
  const runtime = await createRuntime({
    clock, store: openSqliteStore({ file }), flows: createFlows(timeoutMs), tools: [createWork(() => {})], machines: [account], queues: [jobs, answers, plain], recover: false, listen: false, retentionMs: null,
  });
  const executions = new Map<string, ExecutionDetails>();
  for (const { executionId } of await runtime.list(everything)) executions.set(executionId, await (await runtime.get(executionId)).get({ items: true }));
  judgeExecutions(executions, seen, complain);
  judgeHandlers(executions, seen, complain);
  const messages = await readMessages(runtime);
  judgeMessages(messages, seen, complain);
  const snapshots = await Promise.all(accounts.map(async id => (await runtime.actor<typeof account>(`account-${id}`)).getSnapshot()));
  const events = judgeAccounts(snapshots.map(({ context }) => context), seen, complain);
  await runtime.stop({ timeoutMs: 0 });
  judgeFile(file, executions, complain);
  const transitions = await replayAll(file, [...executions.keys()], complain);
  const interruptions = [...executions.values()].flatMap(({ steps }) => steps).reduce((sum, step) => sum + step.interruptions, 0);
  return { executions: executions.size, messages: messages.length, events, transitions, interruptions, complaints };
}

function judgeExecutions(executions: ReadonlyMap<string, ExecutionDetails>, seen: readonly Witnessed[], complain: Complain): void {
  const ids = new Map<number, string>();
  for (const one of seen) {
    if (one.what === 'settled' && executions.get(one.executionId)?.settledAt == null) complain(`${one.executionId} was told to have settled`);
    if (one.what !== 'started') continue;
    if (!executions.has(one.executionId)) complain(`${one.executionId} was started and is not there`);
    if ((ids.get(one.n) ?? one.executionId) !== one.executionId) complain(`the key f-${one.n} has two executions`);
    ids.set(one.n, one.executionId);
  }
  const inputs = new Set<number>();
  for (const { executionId, flowId, status, passed, score, failure, input, steps } of executions.values()) {
    if (status !== 'scored' || passed !== true || score !== 1) complain(`${executionId} of ${flowId} ended ${status} with score ${score}: ${JSON.stringify(failure ?? steps.find(({ reason }) => reason)?.reason)}`);
    if (flowId !== 'parent') continue;
    const { v } = input as { v: number };
    if (inputs.has(v)) complain(`the key f-${v} has two executions`);
    inputs.add(v);
    const end = steps.find(({ stepId }) => stepId === 'end')?.output as { v: number } | undefined;
    if (end?.v !== sumOfItems + v) complain(`${executionId} came to ${end?.v}, expected ${sumOfItems + v}`);
  }
  // Two lists of a child each, and one child more.
  if (executions.size !== inputs.size * 4) complain(`${executions.size} executions of ${inputs.size} parents, expected 4 of each`);
  for (const { executionId, steps } of executions.values()) {
    for (const step of steps) {
      const { stepId, item, status, attempts } = step;
      if (status !== 'completed') complain(`${executionId}/${stepId} ended ${status}`);
      const expected = stepId === 'c2' || (item !== undefined && stepId === 'each' && isFlakyItem(item)) ? 2 : 1;
      if (isWork(step) && attempts !== expected) complain(`${executionId}/${stepId}[${item}] took ${attempts} attempts, expected ${expected}`);
    }
  }
}

async function readMessages(runtime: Runtime): Promise<MessageDetails[]> {
  const messages: MessageDetails[] = [];
  for (const { name } of [jobs, answers, plain]) {
    for (const status of ['pending', 'processing', 'retrying', 'completed', 'dead'] as const) messages.push(...(await runtime.queues.peek(name, { status, ...everything })));
  }
  return messages;
}

function judgeMessages(messages: readonly MessageDetails[], seen: readonly Witnessed[], complain: Complain): void {
  const stored = new Map(messages.map(message => [message.messageId, message]));
  const runs = new Map<string, number>();
  const published = new Map<number, string>();
  const ended = new Map<string, number[]>();
  for (const one of seen) {
    if (one.what === 'job' || one.what === 'plain') runs.set(one.messageId, (runs.get(one.messageId) ?? 0) + 1);
    if (one.what === 'published') {
      if (!stored.has(one.messageId)) complain(`message ${one.n} was published and is not there`);
      if ((published.get(one.n) ?? one.messageId) !== one.messageId) complain(`message ${one.n} has two ids`);
      published.set(one.n, one.messageId);
    }
    const partition = one.what === 'plain.end' ? partitionOf(one.n) : undefined;
    if (one.what === 'plain.end' && partition !== undefined) ended.set(partition, [...(ended.get(partition) ?? []), one.n]);
  }
  for (const [partition, numbers] of ended) {
    const firsts = [...new Set(numbers)];
    if (firsts.some((n, index) => index > 0 && n < (firsts[index - 1] ?? 0))) complain(`partition ${partition} was not handled in order`);
  }
  const keys = new Set<string>();
  for (const { messageId, queue, status, payload, idempotencyKey, history, attempt, interruptions, reason } of messages) {
    const key = `${queue} ${idempotencyKey}`;
    if (idempotencyKey !== null && keys.has(key)) complain(`two messages have the key ${key}`);
    keys.add(key);
    const { n } = payload as { readonly n?: number };
    const expected = queue === plain.name && n !== undefined && isHopeless(n) ? 'dead' : 'completed';
    if (status !== expected) complain(`message ${messageId} of ${queue} is ${status} after ${attempt} attempts and ${interruptions} interruptions, expected ${expected}: ${JSON.stringify(reason)}, ${JSON.stringify(history).slice(-600)}`);
    if (queue === answers.name) continue;
    const claims = history.filter(({ event }) => event === 'message.claim').length;
    const handled = runs.get(messageId) ?? 0;
    if (handled === 0) complain(`message ${messageId} of ${queue} is ${status}, and no handler has seen it`);
    if (handled > claims) complain(`message ${messageId} was handled ${handled} times with ${claims} claims`);
  }
}

/** Rows of the handlers' own: exactly one for each of their steps, and the file is whole. */
function judgeFile(file: string, executions: ReadonlyMap<string, ExecutionDetails>, complain: Complain): void {
  const database = new Database(file, { readonly: true });
  const integrity = database.pragma('integrity_check', { simple: true });
  if (integrity !== 'ok') complain(`the file is damaged: ${String(integrity)}`);
  const rows = new Map((database.prepare('SELECT key, count(*) AS count FROM book GROUP BY key').all() as { key: string; count: number }[]).map(({ key, count }) => [key, count]));
  database.close();
  for (const { executionId, steps } of executions.values()) {
    for (const step of steps.filter(isWork)) {
      const key = `${executionId}/${step.stepId}${step.item === undefined ? '' : `[${step.item}]`}#1`;
      if (rows.get(key) !== 1) complain(`${key} wrote ${rows.get(key) ?? 'no'} rows`);
      rows.delete(key);
    }
  }
  if (rows.size > 0) complain(`${rows.size} rows are of no step, such as ${[...rows.keys()][0]}`);
}

async function replayAll(file: string, ids: readonly string[], complain: Complain): Promise<number> {
  const reader = openSqliteReader({ file });
  let count = 0;
  for (const id of ids) {
    const { transitions, mismatches } = await replayJournal(reader, id, { maxInterruptions: 100_000 });
    count += transitions;
    const again = await replayJournal(reader, id, { maxInterruptions: 100_000, from: 'checkpoint' });
    for (const mismatch of [mismatches, again.mismatches].flatMap(list => list.slice(0, 1))) complain(`the journal of ${id} leads elsewhere: ${JSON.stringify(mismatch)}`);
  }
  reader.close();
  return count;
}
