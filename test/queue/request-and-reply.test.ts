import { describe, expect, it } from 'vitest';
import type { MemoryRecords } from '../../src/open-records.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { z } from 'zod';
import { testFlow } from '../../src/testing/test-flow.ts';
import { settleTicks, until } from '../runtime/open-runtime.ts';
import { openQueues } from './open-queues.ts';

const questions = defineQueue({ name: 'questions' });
const answers = defineQueue({ name: 'answers', schema: z.object({ answer: z.number() }) });
const queues = [questions, answers];

const flow = parseFlow(`
id: ask
steps:
  - id: ask
    uses: publish
    with: { queue: questions, payload: { question: "{% input.question %}" }, priority: high }
  - id: reply
    uses: await_message
    with: { queue: answers, correlation_id: "{% steps.ask.output.correlationId %}" }
    timeout: 1h
    depends_on: [ask]
  - id: use
    uses: tool:value.make
    with: "{% steps.reply.output.answer + 1 %}"
    depends_on: [reply]
`);

const statusOf = async (store: MemoryRecords, queue: string) => (await store.countMessages()).filter(count => count.queue === queue).map(({ status, count }) => `${count} ${status}`);

describe('a flow that asks and waits for the reply', () => {
  it('publishes the question with its step, and goes on with the answer', async () => {
    const { runtime, store } = await openQueues({ queues, flows: [flow] });
    await runtime.consume(questions, call => void call.publish(answers, { answer: 41 }, { correlationId: call.correlationId ?? '' }));
    const execution = await runtime.start('ask', { input: { question: 'how many?' } });
    const { passed, steps } = await execution.settled();
    expect(passed).toBe(true);
    expect(steps.map(({ output }) => output)).toEqual([{ messageId: expect.any(String), correlationId: `${execution.executionId}/ask` }, { answer: 41 }, 42]);
    expect(await statusOf(store as MemoryRecords, 'answers')).toEqual(['1 completed']);
    const [answer] = await runtime.queues.peek('answers', { status: 'completed' });
    expect(answer?.history.map(({ event }) => event)).toEqual(['message.publish', 'message.claim', 'message.ack']);
    expect(await store.listMessageWaiters(undefined, 10)).toEqual([]);
    await runtime.stop();
  });

  it('takes an answer that was there before it waited', async () => {
    const early = defineFlow({ id: 'early', steps: [{ id: 'reply', uses: 'await_message', with: { queue: 'answers', correlation_id: 'x' }, timeout: '1h' }] });
    const { runtime } = await openQueues({ queues, flows: [early] });
    await runtime.publish(answers, { answer: 1 }, { correlationId: 'y' });
    await runtime.publish(answers, { answer: 2 }, { correlationId: 'x' });
    await runtime.publish(answers, { answer: 3 }, { correlationId: 'x' });
    const { steps } = await (await runtime.start('early')).settled();
    expect(steps[0]).toMatchObject({ status: 'completed', output: { answer: 2 } });
    expect((await runtime.queues.peek('answers')).map(({ payload }) => payload)).toEqual([{ answer: 1 }, { answer: 3 }]);
    await runtime.stop();
  });

  it('survives a restart on either side, at every commit', async () => {
    // Crash after every commit of a run, and let the successor finish: the flow passes once, and every message is done.
    for (let crashAt = 1; crashAt < 40; crashAt++) {
      const first = await openQueues({ queues, flows: [flow] });
      let commits = 0;
      let left: MemoryRecords | undefined;
      const { tables } = first.store as MemoryRecords;
      const commit = tables.commit.bind(tables);
      tables.commit = writes => {
        commit(writes);
        if (++commits === crashAt) left = first.crash();
      };
      await first.runtime.consume(questions, call => void call.publish(answers, { answer: 41 }, { correlationId: call.correlationId ?? '' }));
      const { executionId } = await first.runtime.start('ask', { input: { question: 'how many?' }, idempotencyKey: 'once' });
      await first.runtime.settled(executionId);
      await settleTicks();
      await first.runtime.stop();
      if (!left) return expect(crashAt).toBeGreaterThan(5);
      const { runtime } = await openQueues({ queues, flows: [flow], store: left, clock: first.clock });
      await runtime.consume(questions, call => void call.publish(answers, { answer: 41 }, { correlationId: call.correlationId ?? '' }));
      const execution = await runtime.start('ask', { input: { question: 'how many?' }, idempotencyKey: 'once' });
      const { passed, steps } = await execution.settled();
      await settleTicks();
      expect([crashAt, passed, steps[2]?.output]).toEqual([crashAt, true, 42]);
      expect([crashAt, await statusOf(left, 'questions'), await statusOf(left, 'answers')]).toEqual([crashAt, ['1 completed'], ['1 completed']]);
      await runtime.stop();
    }
    throw new Error('Expected the run to end before as many commits');
  });

  it('wakes a sleeping flow, fails at its deadline, and leaves a late answer to others', async () => {
    const { runtime, clock } = await openQueues({ queues, flows: [flow], keepResidentMs: 0 });
    const sleeping = await runtime.start('ask', { input: { question: 'a' } });
    const late = await runtime.start('ask', { input: { question: 'b' } });
    await settleTicks();
    expect(runtime.health().activeFlows).toBe(0);
    await runtime.publish(answers, { answer: 1 }, { correlationId: `${sleeping.executionId}/ask` });
    expect((await sleeping.settled()).passed).toBe(true);
    for (let minute = 0; minute <= 60; minute++) {
      clock.advance(60_000);
      await settleTicks(3);
    }
    const { steps } = await late.settled();
    expect(steps[1]).toMatchObject({ status: 'failed', reason: { code: 'wait_timeout' } });
    await runtime.publish(answers, { answer: 2 }, { correlationId: `${late.executionId}/ask` });
    await settleTicks();
    expect((await runtime.queues.peek('answers')).map(({ payload }) => payload)).toEqual([{ answer: 2 }]);
    await runtime.stop();
  });

  it('does not take an answer that does not fit; that one is dead, and the next one counts', async () => {
    const loose = defineQueue({ name: 'answers' });
    const first = await openQueues({ queues: [questions, loose], flows: [flow] });
    const execution = await first.runtime.start('ask', { input: { question: 'a' } });
    await settleTicks();
    const { runtime } = await openQueues({ queues, flows: [flow], store: first.crash() });
    await settleTicks();
    await runtime.publish(loose, 'no number', { correlationId: `${execution.executionId}/ask` });
    await runtime.publish(loose, { answer: 5 }, { correlationId: `${execution.executionId}/ask` });
    await until(() => runtime.health().activeFlows === 0);
    expect((await runtime.settled(execution.executionId)).steps[1]).toMatchObject({ output: { answer: 5 } });
    expect((await runtime.queues.peek('answers', { status: 'dead' }))[0]).toMatchObject({ payload: 'no number', reason: { code: 'payload_invalid' } });
    await runtime.stop();
  });

  it('is tested by its paths like any other flow', async () => {
    const report = await testFlow(flow, {});
    expect(report.passed).toBe(true);
  });

  it.each([
    [{ uses: 'await_message' }, /`with` of .* to be an object with the `queue`/], [{ uses: 'await_message', with: { queue: 5 } }, /`with.queue`/],
    [{ uses: 'await_message', with: { queue: 'a', correlation_id: 5 } }, /`with.correlation_id`/], [{ uses: 'await_message', with: { queue: 'a', correlation: 'x' } }, /no key `correlation`/],
    [{ uses: 'await_message', with: { queue: 'a' }, retry: { maxAttempts: 2 } }, /no `retry`/], [{ uses: 'await_mesage', with: { queue: 'a' } }, /did you mean `await_message`/],
  ])('cannot be written as %j', (step, message) => {
    expect(() => defineFlow({ id: 'wrong', steps: [{ id: 'a', ...step } as never] })).toThrow(message);
  });
});
