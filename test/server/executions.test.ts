import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineTool, parseFlow } from '../../src/index.ts';
import type { OpenServer } from './open-server.ts';
import { openServer } from './open-server.ts';

const echo = defineTool({ name: 'echo', run: async ({ input }) => input });
const write = defineTool({
  name: 'write',
  async run(call) {
    await call.artifact('plans/summary.md', '# Summary\nÄ and more', { kind: 'markdown' });
    const interaction = await call.interaction({ model: 'm1', prompt: 'Say it' });
    await interaction.complete({ response: 'Said', inputTokens: 3, outputTokens: 4 });
    return { logs: ['Program log: one', 'Program log: two'] };
  },
});
const broken = defineTool({ name: 'broken', run: async () => { throw new Error('It broke, with sk-abcdefghijklmnopqrstuvwx'); } });
const order = parseFlow(`
id: order
description: Charges, then asks
input: { type: object, properties: { amount: { type: number } }, required: [amount] }
steps:
  - { id: charge, uses: tool:echo, with: { amount: '{% input.amount %}' } }
  - { id: paper, uses: tool:write, depends_on: [charge] }
`);
const asking = parseFlow('id: asking\nsteps:\n  - { id: ask, uses: signal, with: { name: approve } }\n');
const failing = parseFlow('id: failing\nsteps:\n  - { id: one, uses: tool:broken }\n');

let open: OpenServer;
beforeAll(async () => {
  open = await openServer({ tools: [echo, write, broken], flows: [order, asking, failing] });
});
afterAll(() => open.end());

interface Ended { readonly executionId: string; readonly created: boolean; readonly cursor: string; readonly execution: { readonly status: string; readonly passed: boolean; readonly consolidatedSessionId: string; readonly steps: { readonly output: unknown }[] } }

describe('a flow over HTTP', () => {
  it('is started, waited for, and told with its steps', async () => {
    const { executionId, execution } = await open.send<Ended>('/flows/order/run', { input: { amount: 2 }, agent: 'gpt-5', wait: '20s' }, 200);
    expect([execution.status, execution.passed, execution.steps[0]?.output]).toEqual(['scored', true, { amount: 2 }]);
    expect(await open.read(`/executions/${executionId}`)).toEqual({ ...execution, labels: { agent: 'gpt-5' } });
    expect(await open.read(`/executions/${executionId}?generation=1&items=true`)).toMatchObject({ status: 'scored' });
    expect(await open.read(`/consolidated/${execution.consolidatedSessionId}`)).toMatchObject({ executionId, score: 1 });
    expect(await open.read(`/executions/${executionId}/progress`)).toMatchObject({ share: 1, settledSteps: 2 });
    const { items } = await open.read<{ items: { seq: number }[] }>(`/executions/${executionId}/transitions`);
    expect(items.map(({ seq }) => seq)).toEqual(items.map((_item, place) => place + 1));
  });

  it('is the same for the same key', async () => {
    const first = await open.send<Ended>('/flows/order/run', { input: { amount: 1 }, idempotencyKey: 'k-1' });
    const second = await open.send<Ended>('/flows/order/run', { input: { amount: 1 }, idempotencyKey: 'k-1' });
    expect([second.executionId, first.created, second.created]).toEqual([first.executionId, true, false]);
    expect(await open.send('/flows/asking/run', { idempotencyKey: 'k-1' }, 409)).toMatchObject({ title: 'idempotency_key_taken' });
  });

  it('takes signals, and is stopped for good', async () => {
    const { executionId } = await open.send<Ended>('/flows/asking/run');
    expect(await open.send(`/executions/${executionId}/signals/aprove`, {}, 422)).toMatchObject({ title: 'signal_unknown', detail: expect.stringContaining('approve') });
    expect(await open.send(`/executions/${executionId}/signals/approve`, { payload: { yes: true } })).toEqual({ executionId, name: 'approve' });
    await open.runtime.settled(executionId);
    const other = await open.send<Ended>('/flows/asking/run');
    expect(await open.send(`/executions/${other.executionId}`, undefined, 409, 'DELETE')).toMatchObject({ title: 'execution_unsettled' });
    expect(await open.send(`/executions/${other.executionId}/resume`, {}, 409)).toMatchObject({ title: 'execution_active' });
    expect(await open.send(`/executions/${other.executionId}/stop`, { message: 'Enough' })).toEqual({ executionId: other.executionId, status: 'failed' });
    for (const path of ['stop', 'signals/approve']) expect(await open.send(`/executions/${other.executionId}/${path}`, {}, 409)).toMatchObject({ title: 'execution_settled', status: 409 });
    await open.send(`/executions/${other.executionId}`, undefined, 204, 'DELETE');
    expect(await open.read(`/executions/${other.executionId}`, 404)).toMatchObject({ title: 'execution_not_found' });
    expect(await open.send(`/executions/${other.executionId}`, undefined, 404, 'DELETE')).toMatchObject({ title: 'execution_not_found' });
  });

  it('is retried, and says why it failed without telling secrets', async () => {
    const { executionId } = await open.send<Ended>('/flows/failing/run', { wait: '20s' }, 200);
    const { steps } = await open.read<{ steps: { reason: { message: string } }[] }>(`/executions/${executionId}`);
    expect(steps[0]?.reason.message).toBe('It broke, with [redacted]');
    expect(await open.send(`/executions/${executionId}/retry`, { steps: ['two'] }, 404)).toMatchObject({ title: 'step_unknown' });
    expect(await open.send(`/executions/${executionId}/retry`)).toEqual({ executionId, generation: 2 });
    await open.runtime.settled(executionId);
    expect(await open.read(`/executions/${executionId}?generation=1`)).toMatchObject({ generation: 1 });
    expect(await open.read(`/executions/${executionId}?generation=7`, 404)).toMatchObject({ title: 'execution_not_found' });
  });

  it('refuses what does not fit, with what to do', async () => {
    expect(await open.send('/flows/ordr/run', {}, 404)).toMatchObject({ title: 'flow_unknown', detail: expect.stringContaining('order') });
    expect(await open.send('/flows/order/run', { input: { amount: 'much' } }, 422)).toMatchObject({ title: 'input_invalid' });
    expect(await open.send('/flows/order/run', { inputs: {} }, 422)).toMatchObject({ title: 'parameter_invalid', detail: expect.stringContaining('input') });
    expect(await open.send('/flows/order/run', { input: { amount: 1 }, wait: '2h' }, 422)).toMatchObject({ title: 'parameter_invalid', path: 'body.wait' });
    const unreadable = await open.ask('/api/v1/flows/order/run', { method: 'POST', body: '{"input":', headers: { 'content-type': 'application/json' } });
    expect(unreadable.status).toBe(400);
    const untyped = await open.ask('/api/v1/flows/order/run', { method: 'POST', body: '{}', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect(untyped.status).toBe(415);
    const large = await open.ask('/api/v1/flows/order/run', { method: 'POST', body: `{"input":"${'x'.repeat(5_000_000)}"}`, headers: { 'content-type': 'application/json' } });
    expect(large.status).toBe(413);
    expect(await open.read('/nothing', 404)).toMatchObject({ title: 'route_unknown' });
    expect(await open.send('/executions', {}, 405)).toMatchObject({ title: 'method_refused', detail: expect.stringContaining('GET') });
    expect(await open.read('/executions?limits=3', 422)).toMatchObject({ detail: expect.stringContaining('`limit`') });
    expect(await open.read('/executions?cursor=x', 422)).toMatchObject({ path: 'query.cursor' });
    expect(await open.read('/executions?status=done', 422)).toMatchObject({ path: 'query.status' });
    expect(await open.read('/executions?limit=2&limit=3', 422)).toMatchObject({ path: 'query.limit' });
  });
});

describe('lists', () => {
  it('are told page by page, and by label, flow and status', async () => {
    const all = await open.read<{ items: { executionId: string }[]; next: null }>('/executions?limit=1000');
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { items: { executionId: string }[]; next: string | null } = await open.read(`/executions?limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      paged.push(...page.items.map(({ executionId }) => executionId));
      cursor = page.next;
    }
    expect(paged).toEqual(all.items.map(({ executionId }) => executionId));
    expect((await open.read<{ items: unknown[] }>('/executions?label.agent=gpt-5')).items).toHaveLength(1);
    expect((await open.read<{ items: { flowId: string }[] }>('/executions?flow=order&order=oldest')).items.every(({ flowId }) => flowId === 'order')).toBe(true);
    expect((await open.read<{ items: { status: string }[] }>('/executions?status=scored,failed')).items.length).toBeGreaterThan(2);
  });

  it('are told of flows, stats and agents', async () => {
    expect((await open.read<{ items: { flowId: string; last: { status: string } }[] }>('/flows')).items.map(({ flowId, last }) => [flowId, last.status])).toEqual([['asking', 'scored'], ['failing', expect.any(String)], ['order', 'scored']]);
    expect(await open.read('/flows/order/definition')).toMatchObject({ flowId: 'order', definition: { steps: [{ id: 'charge' }, { id: 'paper' }] } });
    expect(await open.read('/stats?by=flow')).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ group: 'order' })]) });
    expect(await open.read('/agents')).toEqual({ agents: ['gpt-5'] });
  });
});

describe('what steps made', () => {
  it('is listed, and read whole or in part', async () => {
    const { items: [one] } = await open.read<{ items: { executionId: string }[] }>('/executions?label.agent=gpt-5');
    const path = `/api/v1/executions/${one?.executionId}/artifacts`;
    expect(await open.read(`/executions/${one?.executionId}/artifacts`)).toMatchObject({ items: [{ name: 'plans/summary.md', version: 1 }], next: null });
    const whole = await open.ask(`${path}/plans/summary.md`);
    expect([whole.status, whole.headers.get('content-type'), await whole.text()]).toEqual([200, expect.stringContaining('text/markdown'), '# Summary\nÄ and more']);
    expect(whole.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    const etag = whole.headers.get('etag') ?? '';
    const ask = (headers: Record<string, string>): Promise<Response> => open.ask(`${path}/plans%2Fsummary.md`, { headers });
    expect((await ask({ 'if-none-match': etag })).status).toBe(304);
    for (const [range, text, span] of [['bytes=2-8', 'Summary', '2-8'], ['bytes=-4', 'more', '17-20'], ['bytes=17-999', 'more', '17-20'], ['bytes=0-0', '#', '0-0']] as const) {
      const part = await ask({ range });
      expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, `bytes ${span}/21`, text]);
    }
    expect((await ask({ range: 'bytes=21-' })).status).toBe(416);
    expect((await ask({ range: 'bytes=5-2' })).status).toBe(200);
    expect((await ask({ range: 'bytes=0-1,3-4' })).status).toBe(200);
    expect((await ask({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
    expect((await open.ask(`${path}/plans/summary.md`, { method: 'HEAD' })).headers.get('content-length')).toBe('21');
    expect((await open.ask(`${path}/plans/sumary.md`)).status).toBe(404);
    expect((await open.ask(`${path}/plans/summary.md?version=2`)).status).toBe(404);
  });

  it('includes calls of models, added up', async () => {
    const { items: [one] } = await open.read<{ items: { executionId: string }[] }>('/executions?label.agent=gpt-5');
    expect(await open.read(`/executions/${one?.executionId}/interactions`)).toMatchObject({ items: [{ model: 'm1', response: 'Said' }], next: null, totals: { calls: 1, totalTokens: 7 } });
  });
});
