import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../src/core/ids.ts';
import { createMemoryStore, createRuntime, defineTool, parseFlow } from '../../src/index.ts';
import { createServer } from '../../src/server.ts';
import { openServer, token } from './open-server.ts';

const echo = defineTool({ name: 'echo', run: async ({ input }) => input });
const asks = parseFlow('id: asks\nsteps:\n  - { id: one, uses: signal, with: { name: one } }\n  - { id: two, uses: signal, with: { name: two }, depends_on: [one] }\n');
const one = parseFlow('id: one\nsteps:\n  - { id: a, uses: tool:echo }\n');

/** What the cache counts, as the metrics tell it. */
async function readCounts(ask: (path: string) => Promise<Response>): Promise<Record<string, number>> {
  const text = await (await ask('/api/v1/metrics')).text();
  return Object.fromEntries([...text.matchAll(/^flowstone_cache_answers\{from="(\w+)"\} (\d+)$/gm)].map(([, from = '', count]) => [from, Number(count)]));
}

describe('the cache', () => {
  it('answers 304 to what has not changed, and in full as soon as it has', async () => {
    const open = await openServer({ tools: [echo], flows: [asks] });
    const { executionId } = await open.send<{ executionId: string }>('/flows/asks/run');
    const ask = (path: string, tag: string): Promise<Response> => open.ask(path, { headers: { 'if-none-match': tag } });
    for (const path of [`/api/v1/executions/${executionId}`, '/api/v1/executions', `/api/v1/executions/${executionId}/transitions`, `/api/v1/flows/${executionId}`, '/api/v1/flows']) {
      const tag = (await open.ask(path)).headers.get('etag') ?? '';
      expect([path, (await ask(path, tag)).status, (await ask(path, `W/${tag}`)).status, (await ask(path, `"x", ${tag}`)).status]).toEqual([path, 304, 304, 304]);
      // Forged ones get the whole answer.
      for (const forged of ['"x"', tag.slice(1, -1), tag.replace(/"$/, 'x"'), '*x*', '']) expect([path, forged, (await ask(path, forged)).status]).toEqual([path, forged, 200]);
      // That of another path is another.
      expect((await ask('/api/v1/executions?limit=1', tag)).status).toBe(200);
    }
    const before = (await open.ask(`/api/v1/executions/${executionId}`)).headers.get('etag') ?? '';
    await open.send(`/executions/${executionId}/signals/one`);
    const after = await ask(`/api/v1/executions/${executionId}`, before);
    expect([after.status, after.headers.get('etag') === before]).toEqual([200, false]);
    await open.end();
  });

  it('says of what has settled that it never changes, and keeps that promise', async () => {
    const open = await openServer({ tools: [echo], flows: [one] });
    const { executionId } = await open.send<{ executionId: string }>('/flows/one/run', { wait: '10s' }, 200);
    const paths = [`/api/v1/executions/${executionId}?generation=1`, `/api/v1/consolidated/${executionId}_consolidated_1`, `/api/v1/sessions/consolidated/${executionId}_consolidated_1`];
    const bodies = [];
    for (const path of paths) {
      const answer = await open.ask(path);
      expect([path, answer.headers.get('cache-control')]).toEqual([path, 'private, max-age=31536000, immutable']);
      bodies.push(await answer.text());
    }
    expect((await open.ask(`/api/v1/executions/${executionId}`)).headers.get('cache-control')).toBe('private, no-cache');
    await open.send(`/executions/${executionId}/retry`, { steps: ['a'] });
    await open.runtime.settled(executionId);
    for (const [place, path] of paths.entries()) expect(await (await open.ask(path)).text()).toBe(bodies[place]);
    await open.end();
  });

  it('makes an answer once for all who ask at the same time, and keeps it', async () => {
    const open = await openServer({ tools: [echo], flows: [one] });
    await open.send('/flows/one/run', { wait: '10s' }, 200);
    await Promise.all(Array.from({ length: 20 }, () => open.ask('/api/v1/executions')));
    await open.ask('/api/v1/executions');
    expect(await readCounts(open.ask)).toMatchObject({ rendered: 1, kept: 20 });
    await open.end();
  });

  it('renders anew what is asked for often, before it is asked for again', async () => {
    const open = await openServer({ tools: [echo], flows: [asks] });
    const { executionId } = await open.send<{ executionId: string }>('/flows/asks/run');
    for (let time = 0; time < 5; time++) await open.ask(`/api/v1/executions/${executionId}`);
    await open.send(`/executions/${executionId}/signals/one`);
    for (let counts = await readCounts(open.ask); counts['warmed'] === 0; counts = await readCounts(open.ask)) await new Promise(resolve => setTimeout(resolve, 20));
    const { rendered } = await readCounts(open.ask);
    expect((await open.read<{ steps: { status: string }[] }>(`/executions/${executionId}`)).steps.map(({ status }) => status)).toEqual(['completed', 'waiting']);
    expect(await readCounts(open.ask)).toMatchObject({ rendered });
    await open.end();
  });

  it('holds no more than it may', async () => {
    const open = await openServer({ tools: [echo], flows: [one] }, { cacheBytes: 20_000 });
    for (let run = 0; run < 30; run++) {
      const { executionId } = await open.send<{ executionId: string }>('/flows/one/run', { wait: '10s' }, 200);
      await open.ask(`/api/v1/executions/${executionId}`);
    }
    const text = await (await open.ask('/api/v1/metrics')).text();
    expect(Number(/^flowstone_cache_bytes (\d+)$/m.exec(text)?.[1])).toBeLessThanOrEqual(20_000);
    await open.end();
  });

  it('gives no stale answer, whatever is read while things move', async () => {
    const reads = Number(process.env['CACHE_READS'] ?? 1_000);
    const runtime = await createRuntime({ store: createMemoryStore(), tools: [echo], flows: [asks, one] });
    const server = createServer(runtime, { auth: { token }, requestsPerSecond: Number.POSITIVE_INFINITY });
    const random = createSeededRandom(7);
    const headers = { authorization: `Bearer ${token}` };
    const read = async (path: string): Promise<never> => (await (await server.fetch(new Request(`http://localhost/api/v1${path}`, { headers }))).json()) as never;
    const ids: string[] = [];
    /** The number of the last event of each that was told to have been stored. */
    const told = new Map<string, number>();
    const ending = new AbortController();
    const following = (async () => {
      for await (const { entries } of runtime.feed({ signal: ending.signal })) for (const { id, seq = 0 } of entries) told.set(id, Math.max(told.get(id) ?? 0, seq));
    })();
    let stale = 0;
    for (let number = 0; number < reads; number++) {
      const chance = random.next();
      if (ids.length < 50 || chance < 0.02) ids.push((await runtime.start('asks')).executionId);
      // Four of five ask for the same fifth.
      const pool = random.next() < 0.8 ? ids.slice(0, 10) : ids;
      const id = pool[Math.floor(random.next() * pool.length)] as string;
      if (chance > 0.9) await runtime.signal(id, random.next() < 0.5 ? 'one' : 'two').catch(() => undefined);
      const least = told.get(id) ?? 0;
      if (chance < 0.5) {
        const { items } = await read(`/executions/${id}/transitions?limit=1000`) as { items: { seq: number }[] };
        if ((items.at(-1)?.seq ?? 0) < least) stale += 1;
      } else {
        const details = await read(`/executions/${id}`) as { status: string };
        const now = await (await runtime.get(id)).get();
        if (details.status !== now.status && details.status === 'scored') stale += 1;
        const { items } = await read(`/executions?limit=1000`) as { items: { executionId: string; status: string }[] };
        const listed = items.find(({ executionId }) => executionId === id);
        if (items.length !== Math.min(1_000, ids.length) || (listed && details.status === 'scored' && listed.status !== 'scored')) stale += 1;
      }
    }
    expect(stale).toBe(0);
    ending.abort();
    await following;
    await server.close();
    await runtime.stop();
  }, 600_000);
});
