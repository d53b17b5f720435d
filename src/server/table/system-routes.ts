import { z } from 'zod';
import { defineRoutes } from './route.ts';
import { count, time } from './values.ts';

const group = 'The server';

const health = z.strictObject({
  status: z.enum(['running', 'faulted', 'stopping', 'stopped']).describe('`faulted`: a commit failed; `stopped`: nobody owns the database'),
  reason: z.string().optional(),
  version: z.string().optional().describe('Of Flowstone'),
  timestamp: z.string().optional().describe('RFC 3339'),
  readOnly: z.boolean().optional(),
  owner: z.strictObject({ pid: z.int(), hostname: z.string(), startedAt: time }).nullable().optional(),
  activeFlows: count.optional().describe('In memory; left out when another process owns the database'),
  runningSteps: count.optional(),
  unsettled: z.record(z.string(), count).optional().describe('Executions that have not settled, by status'),
  cursor: z.string().optional().describe('Behind what is stored now'),
}).meta({ id: 'Health' });

export const systemRoutes = defineRoutes({
  getHealth: {
    method: 'GET', path: '/health', scope: null, group, about: 'Tells whether the runtime works. Without a token only that.',
    answers: { 200: { about: 'It works', schema: health }, 503: { about: 'It does not, and why', schema: health } },
  },
  getOpenApi: {
    method: 'GET', path: '/openapi.json', scope: 'read', group, about: 'Describes all of this, as OpenAPI 3.1.', cache: 'body',
    answers: { 200: { about: 'The document', types: ['application/json'] } },
  },
  getMetrics: {
    method: 'GET', path: '/metrics', scope: 'read', group, about: 'Counts what happens, for Prometheus. Also at `/metrics`, without `/api/v1`.',
    answers: { 200: { about: 'Text, as Prometheus reads it', types: ['text/plain'] } },
  },
});
