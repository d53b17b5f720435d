/*
 * Steps a flow in a process of its own that kills itself: `stepped-victim.ts DATABASE ORACLE POINT`; POINT counts the moments at
 * which something stands still and those right after a step; 0 is never, and steps nothing. Each handler writes a line to the
 * oracle. Prints how it ended.
 */
import { appendFileSync } from 'node:fs';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { Tool, ToolCall } from '../../src/kinds/flows/tool.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';

const [file = '', oracle = '', point = '0'] = process.argv.slice(2);
const last = Number(point);
let moments = 0;
const pass = (): void => {
  if (++moments === last) process.kill(process.pid, 'SIGKILL');
};

const run = ({ stepId, attempt, idempotencyKey }: ToolCall<never>): object => {
  appendFileSync(oracle, `${stepId} ${attempt} ${idempotencyKey}\n`);
  return { by: stepId };
};
const work: Tool = { name: 'work', run };
const step = (id: string, ...depends_on: string[]) => ({ id, uses: 'tool:work', depends_on });
const flow = defineFlow({ id: 'victim', steps: [step('a'), step('b', 'a'), step('c', 'a'), step('d', 'b', 'c')] });

const runtime = await createRuntime({ store: openSqliteStore({ file }), flows: [flow], tools: [work], listen: false });
const { debug } = runtime;
let going = Promise.resolve();
if (last > 0) {
  debug.pauseOnStart('victim');
  debug.watch(change => {
    if ('gone' in change || change.count === 0) return;
    going = going.then(async () => {
      if (!debug.held().some(({ count }) => count > 0)) return;
      await debug.preview(change.target);
      pass();
      await debug.step(change.target);
      pass();
    });
  });
}
const execution = await runtime.start('victim', { idempotencyKey: 'once' });
// What was there before is not held: it goes on as it would without anybody who debugs.
const { status, score, steps } = await execution.settled();
await runtime.stop();
console.log(JSON.stringify({ moments, status, score, steps: steps.map(({ status: state, attempts, output }) => [state, attempts, output]) }));
