import { join } from 'node:path';
import { z } from 'zod';
import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario } from '../stage.ts';

const echo = ({ input }: { readonly input: unknown }): unknown => input;
const backoff = { jitter: 'none' } as const;

export const queues: Readonly<Record<string, Scenario>> = {
  'messages wait by priority and time': async stage => {
    const mails = stage.version.flowstone.defineQueue({ name: 'mails', schema: z.object({ to: z.string() }), backoff });
    const runtime = await stage.open({ queues: [mails] });
    const published = [
      await runtime.publish(mails, { to: 'a' }), await runtime.publish(mails, { to: 'b' }, { priority: 'high', correlationId: 'c-1' }), await runtime.publish('mails', { to: 'c' }, { priority: -3, partitionKey: 'p' }),
      await runtime.publish(mails, { to: 'd' }, { delay: '5m', idempotencyKey: 'once' }), await runtime.publish(mails, { to: 'e' }, { idempotencyKey: 'once' }),
      ...(await runtime.publishMany(mails, [{ payload: { to: 'f' } }, { payload: { to: 'g' }, priority: 'urgent' }, { payload: { to: 'h' }, priority: 'low' }])),
    ];
    stage.record('published', published);
    await stage.surveyQueue('published', runtime, 'mails');
    stage.record('one', await runtime.queues.get(published[1]?.messageId ?? ''));
    const handled: unknown[] = [];
    const consumer = await runtime.consume(mails, ({ signal: _signal, logger: _logger, extend: _extend, publish: _publish, deadLetter: _deadLetter, snooze: _snooze, ...call }) => void handled.push(call));
    await stage.rest();
    stage.record('handled', handled);
    await stage.surveyQueue('handled', runtime, 'mails');
    await stage.advance(300_000);
    stage.record('later', handled.length);
    await stage.surveyQueue('end', runtime, 'mails');
    await consumer.stop();
    stage.record('stopped', [consumer.status, consumer.running, consumer.queue]);
  },

  'a message that fails is dead in the end, and can begin anew': async stage => {
    const jobs = stage.version.flowstone.defineQueue({ name: 'jobs', backoff, maxAttempts: 2 });
    const runtime = await stage.open({ queues: [jobs], queueAlerts: { dead: 1 } });
    let isMended = false;
    await runtime.consume(jobs, ({ payload, attempt }) => {
      if (!isMended) throw Object.assign(new Error(`${payload as string} at ${attempt}`), { code: 'job_refused' });
    });
    const { messageId } = await runtime.publish(jobs, 'one');
    await runtime.publish(jobs, 'two');
    await stage.rest();
    await stage.surveyQueue('tried', runtime, 'jobs');
    await stage.advance(1_000);
    await stage.surveyQueue('dead', runtime, 'jobs');
    isMended = true;
    stage.record('redriven', await runtime.queues.redrive('jobs', messageId));
    await stage.rest();
    stage.record('story', await runtime.queues.get(messageId));
    stage.record('again', await runtime.queues.redrive('jobs', messageId));
    stage.record('purged', [await runtime.queues.purge('jobs'), await runtime.queues.purge('jobs', 'completed'), await runtime.queues.purge('jobs')]);
    await stage.surveyQueue('end', runtime, 'jobs');
    await stage.refusal('gone', () => runtime.queues.get(messageId));
  },

  'handlers put off, give up and ask for longer': async stage => {
    const { defineQueue, fail, retryAfter } = stage.version.flowstone;
    const jobs = defineQueue({ name: 'jobs', backoff, visibilityTimeoutMs: 10_000 });
    const runtime = await stage.open({ queues: [jobs] });
    const refused: unknown[] = [];
    await runtime.consume(jobs, async call => {
      if (call.payload === 'buried') return call.deadLetter('there is no such item');
      if (call.payload === 'snoozed' && call.attempt === 1 && refused.length === 0) return (refused.push('snoozed'), call.snooze(60_000));
      if (call.payload === 'failed') return fail('no use', { code: 'useless', retryable: false });
      if (call.payload === 'later' && call.attempt === 1) return retryAfter(2_000);
      if (call.payload === 'hangs' && call.interruptions === 0) return new Promise(() => {});
      await call.extend(20_000);
      return 'done';
    }, { workers: 5 });
    for (const payload of ['buried', 'snoozed', 'failed', 'later', 'hangs']) await runtime.publish(jobs, payload);
    await stage.rest();
    await stage.surveyQueue('begun', runtime, 'jobs');
    await stage.advance(2_000);
    await stage.advance(8_000);
    await stage.surveyQueue('timed out', runtime, 'jobs');
    await stage.advance(60_000);
    await stage.surveyQueue('end', runtime, 'jobs');
  },

  'partitions go one by one': async stage => {
    const orders = stage.version.flowstone.defineQueue({ name: 'orders', backoff });
    const runtime = await stage.open({ queues: [orders] });
    const handled: unknown[] = [];
    const open: (() => void)[] = [];
    for (const [payload, partitionKey] of [['a1', 'a'], ['a2', 'a'], ['b1', 'b'], ['free', undefined], ['b2', 'b'], ['a3', 'a']] as const) await runtime.publish(orders, payload, partitionKey === undefined ? {} : { partitionKey });
    await runtime.consume(orders, ({ payload, attempt }) => {
      handled.push([payload, attempt]);
      if (payload === 'a1' && attempt === 1) throw new Error('once');
      return new Promise<void>(resolve => void open.push(resolve));
    }, { workers: 4 });
    for (let round = 0; round < 6; round++) {
      await stage.rest();
      stage.record(`round ${round}`, handled);
      open.shift()?.();
      await stage.advance(500);
    }
    for (const end of open) end();
    await stage.advance(1_000);
    for (const end of open) end();
    await stage.rest();
    for (const end of open) end();
    await stage.rest();
    stage.record('handled', handled);
    await stage.surveyQueue('end', runtime, 'orders');
  },

  'every instance gets its copy': async stage => {
    const news = stage.version.flowstone.defineQueue({ name: 'news' });
    const runtime = await stage.open({ queues: [news] });
    await stage.refusal('nobody', () => runtime.publish(news, 0, { to: 'all' }));
    const handled: unknown[] = [];
    const consumers = [];
    for (const instance of ['north', 'south']) consumers.push(await runtime.consume(news, ({ payload }) => void handled.push([instance, payload]), { instance }));
    await consumers[1]?.stop();
    stage.record('published', [await runtime.publish(news, 1, { to: 'all' }), await runtime.publish(news, 2, { to: { instance: 'south' } }), await runtime.publish(news, 3)]);
    await stage.rest();
    stage.record('handled', handled);
    await stage.surveyQueue('half', runtime, 'news');
    await runtime.queues.forgetInstance('news', 'south');
    await stage.rest();
    await stage.surveyQueue('end', runtime, 'news');
  },

  'messages that cannot be are refused': async stage => {
    const { defineQueue } = stage.version.flowstone;
    const small = defineQueue({ name: 'small', schema: z.object({ n: z.number() }), maxDepth: 2, maxPayloadBytes: 40 });
    const runtime = await stage.open({ queues: [small] });
    await stage.refusal('no number', () => runtime.publish(small, { n: 'x' } as never));
    await stage.refusal('no queue', () => runtime.publish('smal', 1));
    await stage.refusal('too large', () => runtime.publish(small, { n: 1, more: 'x'.repeat(100) } as never));
    await stage.refusal('a priority', () => runtime.publish(small, { n: 1 }, { priority: 'soon' as never }));
    await stage.refusal('a delay', () => runtime.publish(small, { n: 1 }, { delay: 'tomorrow' }));
    await stage.refusal('too many', () => runtime.publishMany(small, [{ payload: { n: 1 } }, { payload: { n: 2 } }, { payload: { n: 3 } }]));
    await runtime.publish(small, { n: 1 });
    await runtime.publish(small, { n: 2 });
    await stage.refusal('full', () => runtime.publish(small, { n: 3 }));
    await stage.refusal('no message', () => runtime.queues.get('nowhere'));
    await stage.refusal('a name', () => defineQueue({ name: 'not a name' }));
    await stage.surveyQueue('end', runtime, 'small');
  },

  'payloads of earlier versions are lifted': async stage => {
    const { defineQueue } = stage.version.flowstone;
    const old = defineQueue({ name: 'people', schema: z.object({ name: z.string() }) });
    const people = defineQueue({
      name: 'people', version: 2, schema: z.object({ first: z.string(), last: z.string() }), maxAttempts: 1,
      upgrades: { 1: ({ name }: { name: string }) => ({ first: name.split(' ')[0] ?? '', last: name.split(' ')[1] ?? '' }) },
    });
    const first = await stage.open({ queues: [old], store: 'file' });
    await first.publish(old, { name: 'Ada Lovelace' });
    await first.publish('people', { whatever: 1 } as never, { version: 9 }).catch(() => {});
    await first.stop();
    stage.crash();
    const second = await stage.open({ queues: [people], store: 'file' });
    await second.publish(people, { first: 'Bob', last: 'B' });
    await second.publish('people', { name: 'Eve' } as never, { version: 1 });
    const handled: unknown[] = [];
    await second.consume(people, ({ payload }) => void handled.push(payload));
    await stage.rest();
    stage.record('handled', handled);
    await stage.surveyQueue('end', second, 'people');
  },

  'flows ask and are answered': async stage => {
    const flow: FlowSource = {
      id: 'ask',
      steps: [
        { id: 'ask', uses: 'publish', with: { queue: 'questions', payload: { text: '{% input.text %}' }, priority: 'high' } },
        { id: 'reply', uses: 'await_message', with: { queue: 'answers', correlation_id: '{% steps.ask.output.correlationId %}' }, timeout: '1h', depends_on: ['ask'] },
        { id: 'any', uses: 'await_message', with: { queue: 'anything' }, timeout: '1m', critical: false }, { id: 'use', uses: 'tool:echo', with: '{% steps.reply.output %}', depends_on: ['reply'] },
      ],
    };
    const named = ['questions', 'answers', 'anything'].map(name => stage.version.flowstone.defineQueue({ name }));
    const runtime = await stage.open({ flows: [flow], handlers: { echo }, queues: named, store: 'file' });
    const one = await runtime.start('ask', { input: { text: 'one' } });
    const two = await runtime.start('ask', { input: { text: 'two' } });
    await stage.rest();
    stage.record('waits', [await one.get(), await two.get()]);
    await stage.surveyQueue('asked', runtime, 'questions');
    stage.crash();
    const next = await stage.open({ flows: [flow], handlers: { echo }, queues: named, store: 'file' });
    await next.consume('questions', call => void call.publish('answers', { to: call.payload }, { correlationId: call.correlationId ?? '' }));
    await stage.advance(60_000);
    await next.publish('anything', 'too late');
    await next.settled(one.executionId);
    await next.settled(two.executionId);
    await stage.examine('one', next, one);
    await stage.examine('two', next, two);
    for (const queue of ['questions', 'answers', 'anything']) await stage.surveyQueue(queue, next, queue);
  },

  'what a step or a handler publishes comes with its success': async stage => {
    const flow: FlowSource = { id: 'sends', steps: [{ id: 'decide', uses: 'tool:decide', retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' } }] };
    const orders = stage.version.flowstone.defineQueue({ name: 'orders', backoff });
    const runtime = await stage.open({
      flows: [flow], queues: [orders, stage.version.flowstone.defineQueue({ name: 'mails' })],
      handlers: {
        decide: call => {
          call.publish('orders', { attempt: call.attempt }, { idempotencyKey: `order-${call.attempt}` });
          if (call.attempt === 1) throw new Error('once');
          return 'decided';
        },
      },
    });
    const seen: unknown[] = [];
    await runtime.consume(orders, call => {
      seen.push([call.payload, call.attempt]);
      call.publish('mails', { attempt: call.attempt });
      if (call.attempt === 1) throw new Error('once');
    });
    const execution = await runtime.start('sends');
    for (let round = 0; round < 4; round++) await stage.advance(1_000);
    stage.record('seen', seen);
    await stage.examine('end', runtime, execution);
    for (const queue of ['orders', 'mails']) await stage.surveyQueue(queue, runtime, queue);
  },

  'claims of a process that died come back': async stage => {
    const jobs = stage.version.flowstone.defineQueue({ name: 'jobs', backoff, maxInterruptions: 2 });
    let runtime = await stage.open({ queues: [jobs], store: 'file' });
    for (const payload of ['a', 'b', 'c']) await runtime.publish(jobs, payload);
    await runtime.consume(jobs, ({ payload }) => (payload === 'a' ? undefined : new Promise(() => {})), { workers: 2 });
    await stage.rest();
    await stage.surveyQueue('begun', runtime, 'jobs');
    for (let life = 1; life < 3; life++) {
      stage.crash();
      runtime = await stage.open({ queues: [jobs], store: 'file' });
      await stage.surveyQueue(`life ${life} before`, runtime, 'jobs');
      await runtime.consume(jobs, ({ payload }) => (payload === 'c' ? undefined : new Promise(() => {})), { workers: 2 });
      await stage.rest();
      await stage.surveyQueue(`life ${life}`, runtime, 'jobs');
    }
    stage.record('all', await runtime.queues.stats());
  },

  'messages for another database wait in the outbox': async stage => {
    const flow: FlowSource = { id: 'propose', steps: [{ id: 'send', uses: 'publish', with: { queue: 'proposals', payload: { change: 'all' }, at: 'centre' } }] };
    const { openSqliteReader } = stage.version.sqlite;
    const runtime = await stage.open({ flows: [flow], store: 'file', remotes: { centre: () => openSqliteReader({ file: join(stage.folder, 'centre.db') }) } });
    const execution = await runtime.start('propose');
    await execution.settled();
    await runtime.publish('metrics', { rate: 1 }, { at: 'centre', idempotencyKey: 'm-1' });
    await stage.refusal('no such place', () => runtime.publish('metrics', 1, { at: 'nowhere' }));
    await stage.rest();
    stage.record('outbox', (await runtime.queues.outbox()).map(({ messageId: _id, dueAt: _due, refusals: _refusals, reason: _reason, ...message }) => message));
    await stage.examine('end', runtime, execution);
  },
};
