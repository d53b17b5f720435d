import { afterEach, describe, expect, it } from 'vitest';
import type { InspectedExecution } from '../../src/inspector/document/inspected-execution.ts';
import { createServer, type Server } from '../../src/server/server.ts';
import { connect } from '../../src/client/connect.ts';
import { getConnecting } from '../../src/runtime/runtime-client.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import { replayDocument } from './replayed-examples.ts';

const token = 'a-token-of-at-least-sixteen-characters';
const key = 'sk-abcdefghijklmnopqrstuvwxyz012345';
let server: Server | undefined;
afterEach(async () => server?.close());

async function open(): Promise<{ readonly request: (method: string, params?: Record<string, unknown>) => Promise<unknown>; readonly executionId: string; readonly stop: () => Promise<void> }> {
  const flow = { id: 'f', description: 'what it does', input: { type: 'object', properties: { n: { type: 'integer' } } }, steps: [{ id: 'a', uses: 'tool:a', with: { n: '{% input.n + 1 %}' } }, { id: 'b', uses: 'tool:b', depends_on: ['a'] }] };
  const { runtime } = await openRuntime(flow, { a: () => ({ key }), b: () => 'x'.repeat(100_000) });
  const { executionId } = await runtime.start('f', { input: { n: 1 } });
  await runtime.settled(executionId);
  server = createServer(runtime, { auth: { tokens: [{ token, scopes: ['read'] }] } });
  const { port } = await server.listen();
  const client = connect(`http://127.0.0.1:${port}`, { token });
  return { executionId, request: (method, params = {}) => getConnecting(client).request(method, params), stop: async () => {
    client.close();
    await runtime.stop();
  } };
}

describe('the method inspect', () => {
  it('tells what a page replays to the stored states', async () => {
    const { request, executionId, stop } = await open();
    const document = (await request('inspect', { executionId })) as InspectedExecution;
    const history = replayDocument(document);
    expect(history.mismatches).toEqual([]);
    expect(history.length).toBe(document.execution.seq);
    expect(document.inputs).toEqual([{ position: 0, item: -1, input: { text: '{"n":2}', length: 7 } }]);
    await stop();
  });

  it('takes secrets out, and cuts what is long, saying how long it was', async () => {
    const { request, executionId, stop } = await open();
    const document = (await request('inspect', { executionId })) as InspectedExecution;
    expect(JSON.stringify(document)).not.toContain(key);
    const output = document.attempts.find(({ position }) => position === 1)?.output;
    expect(output?.text.length).toBe(65_536);
    expect(output?.length).toBe(100_002);
    await stop();
  });

  it('leaves the journal out where it is known already', async () => {
    const { request, executionId, stop } = await open();
    expect(await request('inspect', { executionId, journal: false })).toMatchObject({ commits: [], execution: { status: 'scored' } });
    await stop();
  });

  it('says which execution there is not', async () => {
    const { request, stop } = await open();
    await expect(request('inspect', { executionId: 'nobody' })).rejects.toMatchObject({ code: 'execution_not_found' });
    await stop();
  });
});

describe('the method flows', () => {
  it('lists what can be started, with the schema of what it takes', async () => {
    const { request, stop } = await open();
    expect(await request('flows')).toEqual([{ id: 'f', version: expect.any(String), description: 'what it does', input: { type: 'object', properties: { n: { type: 'integer' } } } }]);
    await stop();
  });
});
