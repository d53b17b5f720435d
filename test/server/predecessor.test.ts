import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineTool, parseFlow } from '../../src/index.ts';
import { refusedRoutes } from '../../src/server/table/predecessor-routes.ts';
import type { OpenServer } from './open-server.ts';
import { openServer } from './open-server.ts';

// The paths and the fields of answers are those that the predecessor documented for its API; each fault it had there is a trap here.

const swap = defineTool({ name: 'jupiter_swap', run: async () => ({ signature: '5x', logs: ['Program log: Instruction: Swap', 'Program log: success'] }) });
const balance = defineTool({ name: 'get_balance', run: async () => ({ lamports: 5 }) });
const fail = defineTool({ name: 'refuse', run: async () => { throw new Error('insufficient funds'); } });
const flows = [
  parseFlow('id: 301-swap\ndescription: Swap half of it\nsteps:\n  - { id: balance, uses: tool:get_balance }\n  - { id: swap, uses: tool:jupiter_swap, depends_on: [balance] }\n'),
  parseFlow('id: 302-fails\nsteps:\n  - { id: swap, uses: tool:refuse }\n'),
  parseFlow('id: 303-waits\nsteps:\n  - { id: ask, uses: signal, with: { name: go } }\n'),
];

interface State { readonly execution_id: string; readonly status: string; readonly consolidated_session_id: string | null }

let open: OpenServer;
let first: Record<string, unknown> & { execution_id: string };
let failed: { execution_id: string; status: string };
beforeAll(async () => {
  open = await openServer({ tools: [swap, balance, fail], flows });
  first = await open.send('/benchmarks/301-swap/run', { agent: 'glm-4.6', config: { agent_type: 'glm-4.6' } });
  await open.runtime.settled(first.execution_id);
  failed = await open.send('/benchmarks/302-fails/run', { agent: 'deterministic', wait: '20s' }, 200);
});
afterAll(() => open.end());

describe('the predecessor’s API', () => {
  it('answers a run at once, with the id under which everything is found', async () => {
    expect(Object.keys(first)).toEqual(expect.arrayContaining(['execution_id', 'status', 'duration_ms', 'result', 'error', 'logs', 'tool_calls']));
    expect(['Queued', 'Running']).toContain(first['status']);
    const { execution_id: id } = first;
    for (const path of [`/benchmarks/301-swap/status/${id}`, `/consolidation/${id}/status`, `/executions/${id}/consolidated`, `/flows/${id}`, `/executions/${id}`, `/flow-logs/${id}`]) await open.read(path);
  });

  it('says Completed of what has passed, and of nothing else', async () => {
    expect(await open.read(`/benchmarks/301-swap/status/${first.execution_id}`)).toMatchObject({ status: 'Completed', progress: 1, agent: 'glm-4.6', error_message: null, result_data: { success: true, score: 1 } });
    expect(failed).toMatchObject({ status: 'Failed', error: expect.stringContaining('insufficient funds'), result: { success: false, score: 0 } });
    expect(await open.read('/benchmarks/302-fails/status')).toMatchObject({ status: 'Failed', error_message: expect.stringContaining('insufficient funds') });
  });

  it('tells calls of tools as they were, with their own times', async () => {
    const ran = await open.send<{ tool_calls: { tool_name: string; success: boolean; timestamp: string }[]; logs: string[] }>('/benchmarks/301-swap/run', { wait: '20s' }, 200);
    expect(ran.tool_calls.map(({ tool_name: name, success }) => [name, success])).toEqual([['get_balance', true], ['jupiter_swap', true]]);
    expect(ran.tool_calls.every(({ timestamp }) => Math.abs(Date.parse(timestamp) - Date.now()) < 3_600_000)).toBe(true);
    expect(ran.logs).toHaveLength(2);
  });

  it('lists benchmarks, and shows one with its executions', async () => {
    const list = await open.read<{ id: string; latest_status: string | null }[]>('/benchmarks');
    expect(list.map(({ id }) => id)).toEqual(['301-swap', '302-fails', '303-waits']);
    expect(await open.read('/benchmarks/301-swap')).toMatchObject({ id: '301-swap', prompt: 'Swap half of it', latest_execution_id: expect.any(String), recent_executions: expect.arrayContaining([expect.objectContaining({ execution_id: first.execution_id, agent: 'glm-4.6' })]) });
    expect(await open.read('/benchmarks/999', 404)).toMatchObject({ title: 'flow_unknown' });
    expect(await open.read('/benchmarks/303-waits/status', 404)).toMatchObject({ title: 'execution_not_found' });
  });

  it('sums up by agent', async () => {
    expect(await open.read<{ agent_type: string; runs: number }[]>('/agent-performance')).toEqual(expect.arrayContaining([expect.objectContaining({ agent_type: 'glm-4.6', runs: 1, meanScore: 1 }), expect.objectContaining({ agent_type: 'deterministic', successRate: 0 })]));
    expect(await open.read('/agents')).toEqual({ agents: ['deterministic', 'glm-4.6'] });
  });

  it('stops a run for good, and says 409 of one that has settled', async () => {
    const { execution_id: id } = await open.send<State>('/benchmarks/303-waits/run', {});
    expect(await open.read(`/consolidation/${id}/status`)).toMatchObject({ complete: false, status: expect.stringMatching(/^(pending|in_progress)$/), consolidated_session_id: null });
    expect(await open.send(`/benchmarks/301-swap/stop/${id}`, undefined, 404)).toMatchObject({ title: 'execution_not_found' });
    expect(await open.send(`/benchmarks/303-waits/stop/${id}`)).toMatchObject({ execution_id: id, status: 'Stopped' });
    expect(await open.read(`/benchmarks/303-waits/status/${id}`)).toMatchObject({ status: 'Stopped' });
    expect(await open.send(`/benchmarks/303-waits/stop/${id}`, undefined, 409)).toMatchObject({ title: 'execution_settled' });
    expect(await open.read(`/executions/${id}/consolidated`, 404)).toMatchObject({ title: 'consolidated_pending' });
    // A flow that was cancelled is told so, and not as one that runs for ever.
    expect(await open.read(`/consolidation/${id}/status`)).toMatchObject({ complete: true, status: 'failed' });
  });

  it('answers with sessions by their own id and by that of their execution', async () => {
    const { consolidated_session_id: sessionId } = await open.read<State>(`/benchmarks/301-swap/status/${first.execution_id}`);
    const session = await open.read<{ content: string; created_at: string }>(`/sessions/consolidated/${sessionId}`);
    expect(session).toMatchObject({ session_id: sessionId, execution_id: first.execution_id, success: true, metadata: { avg_score: 1, total_tools: 2, success_rate: 100, session_count: 2 } });
    expect(await open.read(`/executions/${first.execution_id}/consolidated`)).toEqual(session);
    const content = JSON.parse(session.content) as { steps: { step_index: number; content: { output: unknown } }[] };
    expect(content.steps.map(({ step_index: index, content: { output } }) => [index, output])).toEqual([[0, { lamports: 5 }], [1, expect.objectContaining({ signature: '5x' })]]);
    // The time it was made, not that of the question.
    expect((await open.read<{ created_at: string }>(`/sessions/consolidated/${sessionId}`)).created_at).toBe(session.created_at);
    expect(await open.read('/sessions/consolidated/nonsense', 404)).toMatchObject({ title: 'consolidated_not_found' });
    expect(await open.read(`/consolidation/${first.execution_id}/status?include_metadata=true`)).toMatchObject({ complete: true, consolidated_session_id: sessionId, status: 'completed', metadata: { avg_score: 1 } });
    expect(await open.read(`/consolidation/${first.execution_id}/status`)).not.toHaveProperty('metadata');
    // One that failed has its session too, with score 0.
    expect(await open.read(`/executions/${failed.execution_id}/consolidated`)).toMatchObject({ metadata: { avg_score: 0 } });
  });

  it('draws a session, as JSON, as Mermaid text and as a page', async () => {
    const { consolidated_session_id: sessionId } = await open.read<State>(`/benchmarks/301-swap/status/${first.execution_id}`);
    expect(await open.read(`/flows/${sessionId}`)).toMatchObject({ session_id: sessionId, execution_id: first.execution_id, flow_id: '301-swap', diagram: expect.stringMatching(/^stateDiagram-v2[\s\S]*jupiter_swap/) });
    const html = await open.ask(`/api/v1/flows/${sessionId}?format=html`);
    expect([html.headers.get('content-type'), html.headers.get('x-flow-type'), html.headers.get('content-security-policy')]).toEqual(['text/html; charset=utf-8', 'dynamic', "sandbox; default-src 'none'"]);
    const mermaid = await open.ask(`/api/v1/flows/${first.execution_id}`, { headers: { accept: 'text/vnd.mermaid' } });
    expect([mermaid.headers.get('etag'), await mermaid.text()]).toEqual([expect.stringMatching(/^".+"$/), expect.stringMatching(/^stateDiagram-v2/)]);
  });

  it('has the logs, by flow and by execution, as pages, lines and a tree', async () => {
    for (const id of ['301-swap', first.execution_id]) expect(await open.read(`/flow-logs/${id}?limit=2`)).toMatchObject({ benchmark_id: '301-swap', items: [{ seq: 1 }, { seq: 2 }], next: '2' });
    const { items, trace } = await open.read<{ items: { tool: string }[]; trace: string }>(`/execution-logs/${first.execution_id}`);
    expect([items.map(({ tool }) => tool), trace]).toEqual([['get_balance', 'jupiter_swap'], expect.stringContaining('swap')]);
    const page = await open.read<{ items: { tool: string }[]; next: string }>(`/execution-logs/${first.execution_id}?limit=1`);
    expect(await open.read(`/execution-logs/${first.execution_id}?limit=1&cursor=${page.next}`)).toMatchObject({ items: [{ tool: 'jupiter_swap' }], next: null });
    const lines = await open.ask(`/api/v1/flow-logs/${first.execution_id}?limit=3`, { headers: { accept: 'application/x-ndjson' } });
    expect([lines.headers.get('x-next-cursor'), (await lines.text()).trim().split('\n').map(line => (JSON.parse(line) as { seq: number }).seq)]).toEqual(['3', [1, 2, 3]]);
    const tree = await open.ask('/api/v1/execution-logs/301-swap', { headers: { accept: 'text/plain' } });
    expect(await tree.text()).toMatch(/balance +completed[\s\S]*swap +completed/);
    expect(await open.read(`/transaction-logs/${first.execution_id}`)).toMatchObject({ items: [{ stepId: 'swap', tool: 'jupiter_swap', logs: ['Program log: Instruction: Swap', 'Program log: success'] }], next: null });
    expect(await open.read('/flow-logs/nonsense', 404)).toMatchObject({ title: 'flow_unknown' });
  });

  it('takes a definition over, also a benchmark, and says where one is wrong', async () => {
    const put = (text: string, method = 'PUT'): Promise<Response> => open.ask('/api/v1/upsert-yml', { method, body: text, headers: { 'content-type': 'text/yaml' } });
    const text = 'id: 304-new\nsteps:\n  - { id: swap, uses: tool:jupiter_swap }\n';
    expect(await (await put(text)).json()).toMatchObject({ flowId: '304-new', status: 'new' });
    expect(await (await put(text, 'POST')).json()).toMatchObject({ status: 'unchanged' });
    expect(await open.send('/benchmarks/304-new/run', { wait: '20s' }, 200)).toMatchObject({ status: 'Completed' });
    expect(await open.read('/flows/304-new/definition')).toMatchObject({ flowId: '304-new' });
    const wrong = await put('id: bad\nsteps:\n  - { id: a, uses: tool:jupiter_swp }\n');
    expect([wrong.status, await wrong.json()]).toEqual([422, expect.objectContaining({ title: 'definition_invalid', line: 3, column: 20, detail: expect.stringContaining('jupiter_swap'), problems: [expect.objectContaining({ code: 'unknown_tool' })] })]);
    expect((await put('')).status).toBe(422);
    expect(await open.send('/sync', undefined, 501)).toMatchObject({ title: 'sync_unavailable' });
  });

  it('refuses what is gone for good, and says why', async () => {
    for (const { method, path, why } of refusedRoutes) {
      const answer = await open.ask(`/api/v1${path.replace('{agent_type}', 'local')}`, { method });
      expect([path, answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([path, 410, expect.stringContaining(why)]);
    }
    expect(await open.send('/benchmarks/301-swap/run', { agent: 'a', config: { api_key: 'x' } }, 422)).toMatchObject({ path: 'body.config', title: 'parameter_invalid' });
  });
});
