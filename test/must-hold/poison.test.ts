import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/open-records.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const ok = (): object => ({ ok: true });

/** What the schema of the store refuses would stop all flows, and again after every restart. */
describe('a value that no row can hold', () => {
  it('fails the step that sleeps until it, and nothing else', async () => {
    const flow: FlowSource = { id: 'sleeper', steps: [{ id: 'a', uses: 'sleep', with: { until: '{% input.at %}' } }] };
    const { runtime } = await openRuntime(flow, { ok }, { store: openSqliteStore({ file: ':memory:' }) });
    for (const at of [1e300, 8_640_000_000_000_001, Number.MAX_SAFE_INTEGER]) {
      const { executionId } = await runtime.start('sleeper', { input: { at } });
      const [step] = (await runtime.settled(executionId)).steps;
      expect(step).toMatchObject({ status: 'failed', reason: { code: 'sleep_invalid' } });
    }
    const far = await runtime.start('sleeper', { input: { at: 8_640_000_000_000_000 } });
    await settleTicks();
    expect((await far.get()).steps[0]).toMatchObject({ status: 'waiting', dueAt: 8_640_000_000_000_000 });
    expect(runtime.health().status).toBe('running');
    await runtime.stop();
  });

  it('is refused as a weight when the flow is defined, so that scores stay numbers', async () => {
    const weigh = (weight: number): FlowSource => ({ id: 'heavy', steps: [{ id: 'a', uses: 'tool:ok', weight }, { id: 'b', uses: 'tool:ok', weight }] });
    expect(() => defineFlow(weigh(1e308))).toThrow('from 0 to 1,000,000');
    const { runtime } = await openRuntime(weigh(1_000_000), { ok }, { store: openSqliteStore({ file: ':memory:' }) });
    const { executionId } = await runtime.start('heavy');
    expect((await runtime.settled(executionId)).score).toBe(1);
    await runtime.stop();
  });

  it('is refused as a key: two texts with halves of surrogate pairs become one in the store', async () => {
    const flow: FlowSource = { id: 'f', steps: [{ id: 'a', uses: 'tool:ok' }] };
    const { runtime } = await openRuntime(flow, { ok }, { store: openSqliteStore({ file: ':memory:' }) });
    const starts = ['\ud800', '\ud801'].map(idempotencyKey => runtime.start('f', { idempotencyKey }));
    for (const result of await Promise.allSettled(starts)) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'option_invalid' } });
    expect(runtime.health().status).toBe('running');
    await runtime.stop();
  });
});
