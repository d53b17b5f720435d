import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { createGate, openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';

const day = 86_400_000;
const queue = defineQueue({ name: 'jobs', visibilityTimeoutMs: 10_000, maxAttempts: 1 });

it('forgets no idempotency key of a message by a clock that shows a day far ahead for a minute', async () => {
  const letters = defineQueue({ name: 'letters', dedupeWindow: '1d' });
  const { runtime, clock } = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:work' }] }, { work: () => 1 }, { queues: [letters] });
  const first = await runtime.publish(letters, 1, { idempotencyKey: 'k' });
  const at = clock.now();
  clock.jump(at + 40 * day);
  expect(await runtime.publish(letters, 1, { idempotencyKey: 'k' })).toMatchObject({ messageId: first.messageId, duplicate: true });
  clock.advance(60_000);
  expect(await runtime.publish(letters, 1, { idempotencyKey: 'k' })).toMatchObject({ duplicate: true });
  clock.jump(at + 60_000);
  expect(await runtime.publish(letters, 1, { idempotencyKey: 'k' })).toMatchObject({ duplicate: true });
  // Time that passes is another matter.
  clock.advance(day + 3_600_000);
  expect(await runtime.publish(letters, 1, { idempotencyKey: 'k' })).toMatchObject({ duplicate: false });
  await runtime.stop();
});

describe.each([['ahead', 40 * day], ['back', -40 * day]] as const)('a clock that is set %s', (_name, by) => {
  it('is nobody\'s failure: steps, messages, models and consolidators have the time they were given, and no more', async () => {
    const gates = { step: createGate<number>(), message: createGate(), model: createGate<{ text: string }>(), consolidator: createGate<{ score: number }>() };
    const aborted: string[] = [];
    const flow = {
      id: 'f', consolidation: { uses: 'judge', timeout: '10s' },
      steps: [{ id: 'step', uses: 'tool:step', timeout: '10s' }, { id: 'model', uses: 'tool:model', models: [{ model: 'm', timeout: '10s' }] }],
    };
    const { runtime, clock } = await openRuntime(flow, {
      step: ({ signal }) => (signal.addEventListener('abort', () => aborted.push('step')), gates.step.promise),
      model: async call => (await call.generate({ prompt: 'hello' })).text,
    }, { queues: [queue], models: { generate: () => gates.model.promise }, consolidators: { judge: () => gates.consolidator.promise } });
    let handled = 0;
    await runtime.consume(queue, () => (handled++, gates.message.promise), { workers: 2 });
    const { messageId } = await runtime.publish(queue, 1);
    const execution = await runtime.start('f');
    await until(() => handled === 1);
    await settleTicks();
    clock.advance(5_000);
    clock.jump(clock.now() + by);
    clock.advance(4_999);
    await settleTicks();
    expect([handled, aborted]).toEqual([1, []]);
    for (const gate of [gates.message, gates.step, gates.model] as readonly { open: (value: never) => void }[]) gate.open({ text: 'x' } as never);
    await settleTicks(50);
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'completed', attempt: 1 });
    clock.jump(clock.now() - by);
    clock.advance(5_000);
    clock.jump(clock.now() + by);
    gates.consolidator.open({ score: 1 });
    const settled = await execution.settled();
    expect(settled).toMatchObject({ passed: true, score: 1 });
    expect(settled.consolidationError).toBeUndefined();
    await runtime.stop();
  });

  it('keeps no limit from holding: what takes longer is over, whatever time it is said to be', async () => {
    const flow = { id: 'f', steps: [{ id: 'step', uses: 'tool:hang', timeout: '10s' }] };
    const { runtime, clock } = await openRuntime(flow, { hang: () => new Promise(() => {}) }, { queues: [queue] });
    let handled = 0;
    await runtime.consume(queue, () => (handled++, new Promise(() => {})), { workers: 2 });
    const { messageId } = await runtime.publish(queue, 1);
    const execution = await runtime.start('f');
    await until(() => handled === 1);
    clock.jump(clock.now() + by);
    clock.advance(10_000);
    expect((await execution.settled()).steps[0]?.reason?.code).toBe('step_timeout');
    await settleTicks();
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'dead', reason: { code: 'visibility_timeout' } });
    await runtime.stop({ timeoutMs: 0 });
  });
});

// Signals that stop a process are the operating system's.
describe.skipIf(process.platform === 'win32')('a process that is stopped for longer than its limits', () => {
  it('goes on as if nothing had been, also when its clock is set meanwhile', { timeout: 60_000 }, async () => {
    const child = spawn(process.execPath, ['--no-warnings', '--conditions=flowstone-source', new URL('stopped-process.ts', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await lines.next()).value);
    try {
      expect(await next()).toBe('working');
      child.kill('SIGSTOP');
      await sleep(2_500);
      child.stdin.write('the clock is set\n');
      child.kill('SIGCONT');
      expect(JSON.parse(await next())).toEqual({ handled: 1, attempts: 1, passed: true, message: 'completed' });
    } finally {
      child.kill('SIGKILL');
    }
  });
});
