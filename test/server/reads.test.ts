import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordReader } from '../../persistence/store.ts';
import { createRuntime, createMemoryStore, defineTool, parseFlow } from '../../src/index.ts';
import { openSqliteReader, openSqliteStore } from '../../src/sqlite.ts';
import { createReadView } from '../../src/server/read-view.ts';
import { readHandlers } from '../../src/server/routes.ts';
import { createServer } from '../../src/server.ts';
import { createFailingStore } from '../must-hold/failing-store.ts';
import { findMisfits } from './conformance.ts';
import { token } from './open-server.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'flowstone-reads-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const echo = defineTool({ name: 'echo', run: async ({ input }) => input });
const flows = [parseFlow('id: one\nsteps:\n  - { id: a, uses: tool:echo, with: { x: 1 } }\n'), parseFlow('id: asks\nsteps:\n  - { id: a, uses: signal, with: { name: go } }\n')];
const headers = { authorization: `Bearer ${token}` };

/** Every path that is read, of an execution that has settled. */
const listPaths = (id: string): string[] => [
  '/health', '/executions', `/executions/${id}`, `/executions/${id}?items=true`, `/executions/${id}/progress`, `/executions/${id}/transitions`, `/executions/${id}/artifacts`,
  `/executions/${id}/interactions`, `/executions/${id}/consolidated`, `/consolidated/${id}_consolidated_1`, `/sessions/consolidated/${id}_consolidated_1`, `/consolidation/${id}/status`,
  '/flows', '/flows/one/definition', '/stats', '/agents', '/agent-performance', '/benchmarks', '/benchmarks/one', '/benchmarks/one/status', `/benchmarks/one/status/${id}`,
  `/flows/${id}`, `/flow-logs/${id}`, `/execution-logs/one`, `/transaction-logs/${id}`, '/queues', '/queues/q/messages', '/actors', '/metrics', '/openapi.json',
];

async function expectAnswers(fetch: (request: Request) => Promise<Response>, id: string, but: Readonly<Record<string, number>> = {}): Promise<void> {
  for (const path of listPaths(id)) {
    const answer = await fetch(new Request(`http://localhost/api/v1${path}`, { headers }));
    expect([path, answer.status]).toEqual([path, but[path] ?? 200]);
    expect(await findMisfits('GET', `/api/v1${path}`, answer)).toEqual([]);
  }
}

describe('reads', () => {
  it('have a reader and nothing by which anything could be changed', async () => {
    const store = createMemoryStore();
    const runtime = await createRuntime({ store, tools: [echo], flows });
    const { executionId } = await runtime.start('one');
    await runtime.settled(executionId);
    const given: object[] = [];
    const handlers = readHandlers as unknown as Record<string, (asked: unknown, context: object) => Promise<unknown>>;
    const originals = { ...handlers };
    for (const [name, handler] of Object.entries(originals)) handlers[name] = (asked, context) => (given.push(context), handler(asked, context));
    const server = createServer(runtime, { auth: { token } });
    try {
      await expectAnswers(server.fetch, executionId);
    } finally {
      Object.assign(handlers, originals);
      await server.close();
    }
    expect(given.length).toBeGreaterThan(25);
    for (const context of given as { reader: object }[]) {
      expect(Object.keys(context).toSorted()).toEqual(['clock', 'listOwnFlows', 'plans', 'reader']);
      // All that a store does beside being read.
      for (const name of ['commit', 'commitWith', 'acquire', 'prune', 'pruneJournal', 'pruneMessages', 'compact', 'backup', 'createTables', 'listPending', 'readMessages']) expect(context.reader).not.toHaveProperty(name);
      expect(Object.isFrozen(context) && Object.isFrozen(context.reader)).toBe(true);
    }
    await runtime.stop();
  });

  it('are all of a reader, as the view of it has them', () => {
    const reader = createMemoryStore() as unknown as RecordReader;
    const view = createReadView(reader);
    view.close();
    expect(view.listExecutions({})).toEqual([]);
  });

  it('are answered while the runtime is faulted, and commands say 503 and when to come again', async () => {
    const failing = createFailingStore(openSqliteStore({ file: join(folder, 'x.db') }));
    const runtime = await createRuntime({ store: failing.store, tools: [echo], flows, listen: false });
    const server = createServer(runtime, { auth: { token } });
    const { executionId } = await runtime.start('one');
    await runtime.settled(executionId);
    const waiting = await runtime.start('asks');
    failing.fail(new Error('the disk is gone'));
    const send = (path: string, body: unknown = {}, method = 'POST'): Promise<Response> =>
      server.fetch(new Request(`http://localhost/api/v1${path}`, { method, headers: { ...headers, 'content-type': 'application/json' }, ...(method === 'POST' && { body: JSON.stringify(body) }) }));
    // The one that meets it, and all that come after.
    expect((await send(`/executions/${waiting.executionId}/signals/go`)).status).toBe(503);
    for (const [path, method] of [['/flows/one/run', 'POST'], [`/executions/${waiting.executionId}/stop`, 'POST'], [`/executions/${executionId}/retry`, 'POST'], [`/executions/${executionId}`, 'DELETE']] as const) {
      const answer = await send(path, {}, method);
      expect([path, answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([path, 503, '2', expect.objectContaining({ title: 'runtime_faulted' })]);
    }
    const health = await server.fetch(new Request('http://localhost/api/v1/health', { headers }));
    expect([health.status, await health.json()]).toEqual([503, expect.objectContaining({ status: 'faulted', reason: expect.stringContaining('the disk is gone') })]);
    await expectAnswers(server.fetch, executionId, { '/health': 503 });
    failing.fail(undefined);
    await runtime.restart();
    expect((await send(`/executions/${waiting.executionId}/signals/go`)).status).toBe(202);
    await server.close();
    await runtime.stop();
  });

  it('are answered of a store that another process owns; without a client nothing can be changed', async () => {
    const file = join(folder, 'x.db');
    const runtime = await createRuntime({ store: openSqliteStore({ file }), tools: [echo], flows, listen: false });
    const { executionId } = await runtime.start('one');
    await runtime.settled(executionId);
    const reader = openSqliteReader({ file });
    const server = createServer({ reader }, { auth: { token } });
    await expectAnswers(server.fetch, executionId, { '/flows/one/definition': 404, '/benchmarks/one': 404 });
    const refused = await server.fetch(new Request('http://localhost/api/v1/flows/one/run', { method: 'POST', headers }));
    expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ title: 'server_read_only' })]);
    await runtime.stop();
    const health = await server.fetch(new Request('http://localhost/api/v1/health', { headers }));
    expect([health.status, await health.json()]).toEqual([503, expect.objectContaining({ status: 'stopped', owner: null, readOnly: true })]);
    await server.close();
    reader.close();
  });

  it('say 503 of commands when the runtime has been stopped', async () => {
    const runtime = await createRuntime({ store: createMemoryStore(), flows: [] });
    const server = createServer(runtime, { auth: { token } });
    await runtime.stop();
    const answer = await server.fetch(new Request('http://localhost/api/v1/flows/one/run', { method: 'POST', headers }));
    expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ title: 'runtime_stopped' })]);
    await server.close();
  });
});
