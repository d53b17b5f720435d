import type { Random } from '../../src/core/ids.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { createMemoryStore, createRuntime, defineQueue, defineTool, parseFlow } from '../../src/index.ts';
import { createServer } from '../../src/server.ts';
import type { RouteDefinition } from '../../src/server/table/route.ts';
import { routes } from '../../src/server/table/routes.ts';

const token = 'fuzz-token-0123456789-0123456789';

export interface HttpFuzz {
  readonly requests: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Answers of 500 and above that are no 501 or 503 with a problem that says why; a few of them. */
  readonly faults: readonly string[];
}

const words = ['one', 'asks', 'go', 'q', 'actor', '../etc/passwd', '%2e%2e%2f', '%00', '\u0000', '%', '%zz', 'a'.repeat(3_000), '😀', "'; DROP TABLE executions; --", '*', '_', '{}', '[]', 'null', '-1', '0', '1e99', '9007199254740993', '__proto__', 'constructor', 'start', 'gpt-5', '01a2', '\uD800'];
const headersOf: readonly (readonly [string, readonly string[]])[] = [
  ['range', ['bytes=0-', 'bytes=-1', 'bytes=5-1', 'bytes=999999999999999-', 'bytes=a-b', 'lines=1-2']], ['if-none-match', ['"x"', '*', 'W/"1"', ',,,', '"'.repeat(50)]],
  ['accept', ['application/x-ndjson', 'text/html', 'text/plain', '*/*', ';;;', 'a'.repeat(500)]], ['content-type', ['application/json', 'text/yaml', 'text/plain', '', 'application/json; charset=utf-16', 'x']],
  ['if-range', ['"x"']], ['origin', ['http://localhost', 'https://evil.example', 'null']], ['x-anything', ['1']],
];

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)] as Item;

function makeValue(random: Random, depth = 0): unknown {
  const chance = random.next();
  if (depth > 3 || chance < 0.3) return pick(random, [...words, 0, -1, 1.5, null, true, Number.MAX_VALUE, '20ms', 'text']);
  if (chance < 0.6) return Array.from({ length: Math.floor(random.next() * 4) }, () => makeValue(random, depth + 1));
  return Object.fromEntries(Array.from({ length: Math.floor(random.next() * 4) }, () => [pick(random, ['input', 'agent', 'labels', 'wait', 'type', 'payload', 'steps', 'id', 'uses', ...words]), makeValue(random, depth + 1)]));
}

const definitions = ['id: x\nsteps:\n  - { id: a, uses: tool:echo }\n', 'id: x\nsteps: 1', '{', '&a [*a, *a]', 'a: &x {<<: *x}', '\uFEFFid: y', 'id: [1', 'ground_truth: {}\nprompt: x', `id: x\nsteps:\n${'  - { id: a, uses: sleep }\n'.repeat(50)}`];

/** A body for a route: one that nearly fits, one that does not, or no JSON at all. */
function makeBody(random: Random, { body }: RouteDefinition): string {
  const chance = random.next();
  if (body?.types) return chance < 0.7 ? pick(random, definitions) : JSON.stringify(makeValue(random));
  if (chance < 0.1) return pick(random, ['{', '{"a":', '', 'nul', '"', '[1,]', '\u0000', '{"input":1e999}']);
  const { shape = {} } = (body?.schema ?? {}) as { readonly shape?: object };
  if (chance < 0.7) return JSON.stringify(Object.fromEntries(Object.keys(shape).filter(() => random.next() < 0.4).map(name => [name, name === 'wait' ? pick(random, [0, '5ms', -1, 'x']) : makeValue(random)])));
  return JSON.stringify(makeValue(random));
}

/** Sends requests that nobody would, each made from the table of routes. @param seed repeats them */
export async function fuzzHttp(seed: number, count: number): Promise<HttpFuzz> {
  const random = createSeededRandom(seed);
  const echo = defineTool({ name: 'echo', run: async ({ input }) => input });
  const flows = [parseFlow('id: one\nsteps:\n  - { id: a, uses: tool:echo }\n'), parseFlow('id: asks\nsteps:\n  - { id: a, uses: signal, with: { name: go } }\n')];
  const runtime = await createRuntime({ store: createMemoryStore(), tools: [echo], flows, queues: [defineQueue({ name: 'q' })], isolation: false });
  const server = createServer(runtime, { auth: { token }, requestsPerSecond: Number.POSITIVE_INFINITY, maxBodyBytes: 20_000 });
  const { executionId } = await runtime.start('one');
  await runtime.settled(executionId);
  const ids = [executionId, `${executionId}_consolidated_1`, (await runtime.start('asks')).executionId];
  const all = Object.values<RouteDefinition>(routes);
  const statuses: Record<number, number> = {};
  const faults: string[] = [];
  for (let number = 0; number < count; number++) {
    const route = pick(random, all);
    const value = (): string => (random.next() < 0.5 ? pick(random, ids) : pick(random, words));
    const path = route.path.replaceAll(/\{\w+\*?\}/g, () => (random.next() < 0.7 ? encodeURIComponent(value().toWellFormed()) : value().replaceAll(/[\s#?\uD800-\uDFFF]/g, '')));
    const names = [...Object.keys(route.query?.shape ?? {}), 'label.agent', 'x'];
    const query = names.filter(() => random.next() < 0.25).map(name => `${name}=${encodeURIComponent((random.next() < 0.3 ? String(Math.floor(random.next() * 5)) : value()).toWellFormed())}`).join('&');
    const method = random.next() < 0.9 ? route.method : pick(random, ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);
    const headers = new Headers({ authorization: random.next() < 0.98 ? `Bearer ${token}` : pick(random, ['Bearer x', 'Basic', '']) });
    for (const [name, values] of headersOf) if (random.next() < 0.1) headers.set(name, pick(random, values));
    const hasBody = method !== 'GET' && method !== 'HEAD' && random.next() < 0.9;
    if (hasBody && random.next() < 0.9) headers.set('content-type', route.body?.types?.[0] ?? 'application/json');
    let request: Request;
    try {
      request = new Request(`http://localhost/api/v1${path}${query === '' ? '' : `?${query}`}`, { method, headers, ...(hasBody && { body: makeBody(random, route) }) });
    } catch {
      continue;
    }
    const answer = await server.fetch(request);
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const text = await answer.text();
    if (answer.status === 500 || (answer.status > 500 && ![501, 503].includes(answer.status))) if (faults.length < 20) faults.push(`${method} ${request.url.slice(0, 300)} ${answer.status} ${text.slice(0, 300)}`);
    // What was started would fill the memory.
    if (number % 5_000 === 4_999) await emptyStore(runtime);
  }
  await server.close();
  await runtime.stop({ timeoutMs: 1_000 });
  return { requests: count, statuses, faults };
}

async function emptyStore(runtime: Awaited<ReturnType<typeof createRuntime>>): Promise<void> {
  for (const { executionId } of (await runtime.list({ status: ['stepping', 'pending'], limit: 10_000 })).slice(3)) await runtime.cancel(executionId).catch(() => false);
}
