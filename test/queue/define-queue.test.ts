import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { toPriority } from '../../src/kinds/queues/priority.ts';
import { applySettings, toVariable } from '../../src/kinds/queues/queue-settings.ts';

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};

describe('defining a queue', () => {
  it('fills in every default', () => {
    expect(defineQueue({ name: 'mails' })).toEqual({
      name: 'mails', schema: undefined, version: 1, upgrades: {}, workers: 1, priority: 0, maxAttempts: 3, maxInterruptions: 5, visibilityTimeoutMs: 30_000,
      backoff: { maxAttempts: 3, initialIntervalMs: 1_000, backoffCoefficient: 2, maxIntervalMs: 100_000, jitter: 'full', nonRetryable: [] },
      retention: { completedMs: 7 * 86_400_000, deadMs: 30 * 86_400_000 }, dedupeWindowMs: 86_400_000, ageingMs: 60_000, maxPayloadBytes: 1_048_576, maxDepth: 1_000_000,
    });
    const full = defineQueue({ name: 'a', schema: z.string(), priority: 'urgent', ageing: null, retention: { completed: null, dead: '1h' }, dedupeWindow: '2h', backoff: { initialInterval: '5s', jitter: 'none', maxInterval: '1m' } });
    expect(full).toMatchObject({ priority: 100, ageingMs: null, retention: { completedMs: null, deadMs: 3_600_000 }, dedupeWindowMs: 7_200_000, backoff: { initialIntervalMs: 5_000, maxIntervalMs: 60_000, jitter: 'none' } });
  });

  it.each([
    [{ name: 'a b' }, /`name`/], [{ name: '' }, /`name`/], [{ name: 'a', workers: 0 }, /`workers` to be an integer ≥ 1, got `0`/], [{ name: 'a', worker: 2 }, /did you mean `workers`/],
    [{ name: 'a', maxAttempts: 1.5 }, /`maxAttempts`/], [{ name: 'a', schema: {} }, /`schema`/], [{ name: 'a', version: 2, upgrades: { 2: () => 1 } }, /versions below 2/],
    [{ name: 'a', version: 2, upgrades: { 1: 'x' } }, /`upgrades\[1\]`/], [{ name: 'a', backoff: { initialInterval: 'soon' } }, /a duration/], [{ name: 'a', backoff: { backoffCoefficient: 0 } }, /a number ≥ 1/],
    [{ name: 'a', backoff: { jitter: 'some' } }, /`full` or `none`/], [{ name: 'a', ageing: 0 }, /at least 1 ms/], [null, /a queue/],
  ])('refuses %j', (options, message) => {
    expect(codeOf(() => defineQueue(options as never))).toMatch(/^queue_invalid: /);
    expect(codeOf(() => defineQueue(options as never))).toMatch(message);
  });

  it('reads priorities as words and as integers', () => {
    expect(['low', 'normal', 'high', 'urgent', 7, -1_000].map(value => toPriority(value))).toEqual([-10, 0, 10, 100, 7, -1_000]);
    for (const wrong of ['highest', 1.5, 1_001, null, 'toString']) expect(codeOf(() => toPriority(wrong))).toMatch(/^option_invalid: .*low, normal, high, urgent/);
  });
});

describe('what a deployment sets', () => {
  const queue = defineQueue({ name: 'rollback-triggers.v2', workers: 2 });

  it('goes before the declaration, and the environment before everything', () => {
    expect(toVariable(queue.name, 'visibilityTimeoutMs')).toBe('FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_VISIBILITY_TIMEOUT_MS');
    const set = applySettings(queue, { workers: 3, maxAttempts: 7, priority: 'high' }, { FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_WORKERS: '5', FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_PRIORITY: 'urgent', FLOWSTONE_QUEUE_OTHER_WORKERS: 'x' });
    expect(set).toMatchObject({ workers: 5, maxAttempts: 7, priority: 100, maxDepth: 1_000_000, backoff: { maxAttempts: 7 } });
    expect(applySettings(queue, undefined, { FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_PRIORITY: '-3' }).priority).toBe(-3);
  });

  it('is refused with its name when it makes no sense', () => {
    expect(codeOf(() => applySettings(queue, { workers: 0 }, {}))).toMatch(/^option_invalid: .*queueSettings\["rollback-triggers.v2"\].workers/);
    expect(codeOf(() => applySettings(queue, { worker: 1 } as never, {}))).toMatch(/did you mean `workers`/);
    expect(codeOf(() => applySettings(queue, {}, { FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_WORKERS: 'many' }))).toMatch(/FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_WORKERS.*`many`/);
    expect(codeOf(() => applySettings(queue, {}, { FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_PRIORITY: 'top' }))).toMatch(/FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_V2_PRIORITY/);
  });
});
