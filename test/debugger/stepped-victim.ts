/*
 * `stepped-victim.ts DATABASE LEDGER ROUND KIND COUNT`: brings what an earlier process left to its end, then steps three executions,
 * and kills itself when it comes to a point of that kind for the COUNTth time (`none`: never). What happens is written to the
 * ledger, a line each, before anything goes on.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { readEntries } from '../../src/core/journal-text.ts';
import type { Execution } from '../../src/kinds/flows/execution-api.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createTools, door, flows } from './stepped-flow.ts';
import { toJournal } from './stepped-runtime.ts';

/** Where it may be killed. */
const pointKinds = ['stands', 'previewed', 'let in', 'before commit', 'after commit', 'called', 'stepped', 'signalled', 'run to', 'resumed', 'paused again'] as const;
type PointKind = (typeof pointKinds)[number];

const [file = '', ledger = '', round = '0', kind = 'none', count = '0'] = process.argv.slice(2);
const note = (what: string, ...rest: unknown[]): void => appendFileSync(ledger, `${JSON.stringify([what, ...rest])}\n`);
const points = new Map<PointKind, number>();
let isCounting = false;
function pass(at: PointKind): void {
  if (!isCounting) return;
  const seen = (points.get(at) ?? 0) + 1;
  points.set(at, seen);
  if (at === kind && seen === Number(count)) process.kill(process.pid, 'SIGKILL');
}

/** Passes a point before and after each commit. */
function watchCommits<Store extends Records>(store: Store): Store {
  const around = <Given extends readonly unknown[], Answer>(commit: (...given: Given) => Answer) => (...given: Given): Answer => {
    pass('before commit');
    const answer = commit(...given);
    pass('after commit');
    return answer;
  };
  const commit = around((batch: CommitBatch) => store.commit(batch));
  const commitWith = store.commitWith && around((decide: Parameters<NonNullable<Records['commitWith']>>[0]) => store.commitWith?.(decide));
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return commit;
      if (name === 'commitWith') return commitWith;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

const before = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line) as [what: string, ...rest: string[]]) : [];
const answered = new Set(before.filter(([what]) => what === 'answered').map(([, name, signal]) => `${name} ${signal}`));
const tools = createTools(({ idempotencyKey, attempt }) => {
  note('call', idempotencyKey, attempt);
  pass('called');
});
const store = openSqliteStore({ file, durability: 'process' });
/** Looks at the file from beside. */
const outside = openSqliteReader({ file });
const runtime = await createRuntime({ store: watchCommits(store as unknown as Records), flows, tools, machines: [door], listen: false, isolation: false });
const { debug } = runtime;

const signals = ['go', 'open'] as const;
function send(name: string, execution: Execution): void {
  for (const signal of signals) {
    if (answered.has(`${name} ${signal}`)) continue;
    execution.signal(signal, { from: 'outside' }).then(() => note('answered', name, signal), () => {});
    pass('signalled');
  }
}

async function finish(name: string, execution: Execution): Promise<void> {
  const { status, score, steps } = await execution.settled();
  note('outcome', name, JSON.stringify({ status, score, steps: steps.map(({ stepId, status: state, attempts, output }) => [stepId, state, attempts, stepId === 'child' ? null : (output ?? null)]) }));
}

// What was begun before: whoever asked asks again, by the same key, and says again what was not answered.
const tried = before.filter(([what]) => what === 'try').map(([, name = '']) => name);
const ended = new Set(before.filter(([what]) => what === 'outcome').map(([, name]) => name));
for (const name of tried.filter(one => !ended.has(one))) {
  const execution = await runtime.start('victim', { idempotencyKey: name });
  note('started', name, execution.executionId);
  send(name, execution);
  await finish(name, execution);
}
note('over');
if (kind === 'stop') {
  await runtime.stop();
  outside.close();
  process.exit(0);
}

isCounting = true;
debug.pauseOnStart('victim', { once: false });
const executions = new Map<string, Execution>();
for (const place of [0, 1, 2]) {
  const name = `${round}-${place}`;
  note('try', name);
  const execution = await runtime.start('victim', { idempotencyKey: name });
  note('started', name, execution.executionId);
  executions.set(execution.executionId, execution);
  send(name, execution);
}

const countRows = (): number => {
  let rows = 0;
  for (const { key } of outside.listExecutions({ limit: 1_000 })) rows += outside.readJournal(key, 0, 100_000).length;
  return rows;
};
const readAfter = (target: string, seq: number): unknown[] => {
  const record = outside.getExecution(target);
  return record ? outside.readJournal(record.key, seq, 100_000).flatMap(({ entries }) => readEntries(JSON.parse(entries) as never)) : [];
};
const rest = async (turns: number): Promise<void> => {
  for (let turn = 0; turn < turns; turn++) await nextTurn();
};

/** While it stands nothing is written; a step is one commit, and what its preview said. */
async function stepOnce(target: string): Promise<void> {
  await rest(6);
  pass('stands');
  const [rows, calls] = [countRows(), readFileSync(ledger, 'utf8').split('"call"').length];
  const seq = outside.getExecution(target)?.seq ?? 0;
  const preview = await debug.preview(target);
  pass('previewed');
  await rest(3);
  if (countRows() !== rows) note('fault', `${target}: the journal grew while everything stood`);
  if (readFileSync(ledger, 'utf8').split('"call"').length !== calls) note('fault', `${target}: a handler was called while everything stood`);
  const stepping = debug.step(target);
  pass('let in');
  await stepping;
  pass('stepped');
  const found = readAfter(target, seq);
  const expected = preview ? toJournal(preview, target) : [];
  if (!preview?.failure && !isDeepStrictEqual(found, expected)) note('fault', `${target}: ${JSON.stringify(found)} was written, ${JSON.stringify(expected)} had been previewed`);
  const record = outside.getExecution(target);
  const written = record ? outside.readJournal(record.key, seq, 100_000).length : 0;
  if (written > 1) note('fault', `${target}: a step was ${written} commits`);
}

const [, second = '', third = ''] = executions.keys();
const settling = Promise.all([...executions].map(([, execution], place) => finish(`${round}-${place}`, execution))).then(() => (isOver = true));
let isOver = false;
for (let turn = 0; !isOver; turn++) {
  const waiting = debug.held().filter(({ count: held }) => held > 0);
  const next = waiting[turn % Math.max(1, waiting.length)];
  if (!next) {
    await nextTurn();
    continue;
  }
  await stepOnce(next.target);
  if (turn === 12 && debug.isHeld(second)) {
    const running = debug.runTo(second, [{ step: 'last', state: 'running' }]);
    pass('run to');
    // What it waits for may be told to what stands beside it.
    await Promise.race([running, rest(30)]);
  }
  if (turn === 16 && debug.isHeld(third)) {
    debug.resume(third);
    pass('resumed');
    await rest(2);
    await debug.pause(third).catch(() => {});
    pass('paused again');
  }
}
await settling;
await runtime.stop();
outside.close();
console.log(JSON.stringify(Object.fromEntries(points)));
