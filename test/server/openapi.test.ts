import { Validator as OpenApiValidator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, parseFlow } from '../../src/index.ts';
import type { Told } from '../../src/server/handlers/handler.ts';
import { readHandlers, writeHandlers } from '../../src/server/routes.ts';
import type { RouteDefinition } from '../../src/server/table/route.ts';
import { routes } from '../../src/server/table/routes.ts';
import { json } from '../../src/server/table/values.ts';
import { document, findMisfits } from './conformance.ts';
import { openServer, token } from './open-server.ts';

describe('the OpenAPI document', () => {
  it('is one, as a second tool says', async () => {
    const { valid, errors } = await new OpenApiValidator().validate(structuredClone(document));
    expect([valid, errors]).toEqual([true, undefined]);
    expect(Object.keys(document.paths).length).toBeGreaterThan(40);
  });

  it('is answered at its own path', async () => {
    const open = await openServer();
    const answer = await open.ask('/api/v1/openapi.json');
    const { paths } = (await answer.json()) as { paths: Record<string, unknown> };
    expect(Object.keys(paths)).toEqual(Object.keys(document.paths));
    expect((await open.ask('/api/v1/openapi.json', { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })).status).toBe(304);
    await open.end();
  });

  it('says of every answer what is in it: anything is only at values of the user', () => {
    const loose: string[] = [];
    const walk = (schema: unknown, path: string, seen: ReadonlySet<unknown>): void => {
      if (typeof schema !== 'object' || schema === null || seen.has(schema)) return;
      const all = new Set([...seen, schema]);
      if (schema instanceof z.ZodType) {
        if (schema === json) return;
        const { def } = schema as unknown as { def: Record<string, unknown> };
        // One that was described is a copy: it is known by the name that it has from `json`.
        if ((def['type'] === 'unknown' || def['type'] === 'any') && (schema.meta() as { id?: string } | undefined)?.id !== 'Json' && !schema.description?.includes('XState')) loose.push(`${path}: ${def['type']}`);
        for (const [name, value] of Object.entries(def)) walk(typeof value === 'function' && name === 'shape' ? (value as () => unknown)() : value, `${path}.${name}`, all);
      } else for (const [name, value] of Object.entries(schema)) walk(value, `${path}.${name}`, all);
    };
    for (const [id, { answers }] of Object.entries<RouteDefinition>(routes)) for (const [status, { schema }] of Object.entries(answers)) walk(schema, `${id} ${status}`, new Set());
    expect(loose).toEqual([]);
    walk(z.strictObject({ a: z.array(z.any()) }), 'wrong', new Set());
    expect(loose).toEqual(['wrong.shape.a.element: any']);
  });

  it('has an answer for every handler, and a handler for every route', () => {
    const handled = [...Object.keys(readHandlers), ...Object.keys(writeHandlers), 'getHealth', 'getOpenApi', 'getMetrics'];
    expect(handled.toSorted()).toEqual(Object.keys(routes).toSorted());
  });
});

describe('the conformance run', () => {
  type Change = (body: never, told: Told) => unknown;
  const set = (path: string, value: unknown): Change => body => {
    const copy = structuredClone(body) as Record<string, unknown>;
    let place = copy;
    const names = path.split('.');
    for (const name of names.slice(0, -1)) place = place[name] as Record<string, unknown>;
    const last = names.at(-1) ?? '';
    if (value === undefined) delete place[last];
    else place[last] = value;
    return copy;
  };
  /** One wrong answer each: what a handler gives, made wrong in one place. */
  const mutants: readonly (readonly [handler: string, path: string, change: Change])[] = [
    ['getExecution', '/executions/ID', set('status', 'running')],
    ['getExecution', '/executions/ID', set('generation', '1')],
    ['getExecution', '/executions/ID', set('steps.0.status', 'done')],
    ['getExecution', '/executions/ID', set('steps.0.attempt', 1)],
    ['getExecution', '/executions/ID', set('settledAt', undefined)],
    ['getExecution', '/executions/ID', set('secret', 'x')],
    ['listExecutions', '/executions', body => (body as { items: unknown }).items],
    ['listExecutions', '/executions', set('next', undefined)],
    ['listExecutions', '/executions', set('items.0.score', 'high')],
    ['getProgress', '/executions/ID/progress', set('share', 1.5)],
    ['getProgress', '/executions/ID/progress', set('stalled', null)],
    ['listTransitions', '/executions/ID/transitions', set('items.0.seq', 0)],
    ['listFlows', '/flows', set('items.0.steps', -1)],
    ['getConsolidated', '/consolidated/ID_consolidated_1', set('steps.0.toolCalls', {})],
    ['listStats', '/stats', set('items.0.days', undefined)],
    ['listQueues', '/queues', set('items', [{ queue: 'q' }])],
    ['listActors', '/actors', set('next', 7)],
    ['listBenchmarks', '/benchmarks', body => ({ benchmarks: body })],
    ['getBenchmarkStatus', '/benchmarks/one/status', set('status', 'scored')],
    ['getOldSessionOfExecution', '/executions/ID/consolidated', set('metadata.avg_score', null)],
    ['getConsolidationStatus', '/consolidation/ID/status', set('complete', 'true')],
    ['getDiagram', '/flows/ID', set('diagram', undefined)],
  ];
  let executionId = '';
  const flows = [parseFlow('id: one\nsteps:\n  - { id: a, uses: tool:echo }\n')];
  const tools = [defineTool({ name: 'echo', run: async () => ({ ok: true }) })];
  let open: Awaited<ReturnType<typeof openServer>>;
  beforeAll(async () => {
    open = await openServer({ tools, flows });
    ({ executionId } = await open.send<{ executionId: string }>('/flows/one/run', { wait: '10s', labels: { agent: 'a' } }, 200));
  });
  afterAll(() => open.end());

  it('has at least twenty wrong answers to find', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(20);
  });

  it.each(mutants)('finds a wrong answer of %s at %s', async (name, path, change) => {
    const handlers = readHandlers as unknown as Record<string, (...values: unknown[]) => Promise<Told>>;
    const original = handlers[name] as (...values: unknown[]) => Promise<Told>;
    const asked = `/api/v1${path.replace('ID', executionId)}`;
    const ask = async (): Promise<string[]> => {
      const { createServer } = await import('../../src/server.ts');
      const server = createServer(open.runtime, { auth: { token } });
      const answer = await server.fetch(new Request(`http://localhost${asked}`, { headers: { authorization: `Bearer ${token}` } }));
      await server.close();
      expect(answer.status).toBe(200);
      return findMisfits('GET', asked, answer);
    };
    expect(await ask()).toEqual([]);
    handlers[name] = async (...values) => {
      const told = await original(...values);
      return { ...told, body: change(told.body as never, told) };
    };
    try {
      expect(await ask()).not.toEqual([]);
    } finally {
      handlers[name] = original;
    }
  });
});
