/*
 * Runs a flow in a process of its own that kills itself at a commit: `victim.ts DATABASE ORACLE COMMIT before|after`; commit 0
 * is never. Each handler writes a line to the oracle, a file that knows nothing of the database. Prints how it ended.
 */
import { appendFileSync } from 'node:fs';
import type { CommitBatch } from '../../persistence/store.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import type { Tool, ToolCall } from '../../src/kinds/flows/tool.ts';
import { openSqliteStore } from '../../src/open-records.ts';

const [file = '', oracle = '', commit = '0', point = 'before'] = process.argv.slice(2);
let commits = 0;
const inner = openSqliteStore({ file });
const store = new Proxy(inner, {
  get(target, name) {
    const member: unknown = Reflect.get(target, name);
    if (name !== 'commit') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    return (batch: CommitBatch) => {
      commits++;
      if (point === 'after' || commits !== Number(commit)) target.commit(batch);
      if (commits === Number(commit)) process.kill(process.pid, 'SIGKILL');
    };
  },
});

const run = ({ stepId, attempt, idempotencyKey }: ToolCall<never>): object => {
  appendFileSync(oracle, `${stepId} ${attempt} ${idempotencyKey}\n`);
  return { by: stepId };
};
const work: Tool = { name: 'work', run };
const step = (id: string, ...depends_on: string[]) => ({ id, uses: 'tool:work', depends_on });
const flow = defineFlow({ id: 'victim', steps: [step('a'), step('b', 'a'), step('c', 'a'), step('d', 'b', 'c')] });

const runtime = await createRuntime({ store, flows: [flow], tools: [work], listen: false });
const execution = await runtime.start('victim', { idempotencyKey: 'once' });
const { status, score, steps } = await execution.settled();
await runtime.stop();
console.log(JSON.stringify({ commits, status, score, steps: steps.map(({ status: state, attempts, output }) => [state, attempts, output]) }));
