import { describe, expect, it } from 'vitest';
import type { MemoryRecords } from '../../src/open-records.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { createRuntime, defineTool, parseFlow } from '../../src/index.ts';
import { createServer } from '../../src/server.ts';
import { token } from './open-server.ts';

const echo = defineTool({ name: 'echo', run: async ({ input }) => input });
const flows = [parseFlow('id: chain\nsteps:\n  - { id: a, uses: tool:echo }\n  - { id: b, uses: tool:echo, depends_on: [a] }\n  - { id: c, uses: tool:echo, depends_on: [b] }\n')];
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

describe('a run that is started over HTTP', () => {
  it('is found again under the id of the first answer, whichever commit is the last', async () => {
    const store = createMemoryStore();
    /** The store after each commit, as a kill right after it leaves it. */
    const copies: MemoryRecords[] = [];
    const commit = store.commit.bind(store);
    store.commit = batch => {
      commit(batch);
      copies.push(store.copy());
    };
    const runtime = await createRuntime({ store, tools: [echo], flows, isolation: false });
    const server = createServer(runtime, { auth: { token } });
    const ask = { method: 'POST', headers, body: JSON.stringify({ idempotencyKey: 'k' }) };
    const answer = await server.fetch(new Request('http://localhost/api/v1/flows/chain/run', ask));
    const { executionId } = (await answer.json()) as { executionId: string };
    const answeredAt = copies.length;
    await runtime.settled(executionId);
    await server.close();
    await runtime.stop();
    // The start, and what came after it.
    expect(copies.length).toBeGreaterThanOrEqual(4);
    for (const [place, copy] of copies.entries()) {
      const again = await createRuntime({ store: copy, tools: [echo], flows, isolation: false });
      const after = createServer(again, { auth: { token } });
      if (place + 1 >= answeredAt) expect((await after.fetch(new Request(`http://localhost/api/v1/executions/${executionId}`, { headers }))).status).toBe(200);
      // Whoever had no answer asks again: it is one execution.
      const repeated = (await (await after.fetch(new Request('http://localhost/api/v1/flows/chain/run', ask))).json()) as { executionId: string };
      if (await copy.getExecution(executionId)) expect(repeated.executionId).toBe(executionId);
      await again.settled(repeated.executionId);
      await after.close();
      await again.stop();
    }
  });

  it('goes on when whoever started it has gone', async () => {
    const runtime = await createRuntime({ store: createMemoryStore(), tools: [echo], flows, isolation: false });
    const server = createServer(runtime, { auth: { token } });
    const leaving = new AbortController();
    const answering = server.fetch(new Request('http://localhost/api/v1/flows/chain/run', { method: 'POST', headers, body: '{"wait":"20s"}', signal: leaving.signal }));
    leaving.abort();
    const { executionId } = (await (await answering).json()) as { executionId: string };
    expect((await runtime.settled(executionId)).passed).toBe(true);
    await server.close();
    await runtime.stop();
  });
});
