import { z } from 'zod';
import { executionSummary } from './execution-schemas.ts';
import { defineRoutes } from './route.ts';
import { count, executionId, json, limit, maybeTime, ms, time } from './values.ts';

const group = 'Flows';
const flowId = z.string().min(1).max(500);

const lastRun = executionSummary.nullable().describe('The execution that was started last');

const flowInfo = z.strictObject({
  flowId,
  version: z.string(),
  digest: z.string().describe('Of the definition'),
  description: z.string().nullable(),
  flowType: z.enum(['static', 'dynamic']),
  steps: count,
  syncedAt: maybeTime.describe('When it was taken over from a file; null: the program brings it'),
  last: lastRun,
}).meta({ id: 'Flow' });

const figures = {
  runs: count, settled: count, passed: count, successRate: z.number().nullable().describe('0 to 1; null: none has ended'), meanScore: z.number().nullable(), meanDurationMs: z.number().nullable(),
};
export const groupStats = z.strictObject({
  group: z.string(),
  ...figures,
  last: z.strictObject({ executionId, flowId: z.string(), score: z.number(), passed: z.boolean(), durationMs: ms, at: time }).nullable(),
  days: z.array(z.strictObject({ day: z.string(), ...figures })),
}).meta({ id: 'GroupStats' });

export const statsQuery = z.strictObject({
  by: z.string().min(1).max(200).optional().describe('`flow`, or the name of a label. Default `agent`'),
  flow: flowId.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).optional().describe('Only the latest so many executions. Default 1,000'),
});

export const catalogRoutes = defineRoutes({
  listFlows: {
    method: 'GET', path: '/flows', scope: 'read', group, about: 'Lists the flows that can be started, with the last execution of each.', cache: 'body',
    query: z.strictObject({ limit: limit.optional(), cursor: flowId.optional() }),
    answers: { 200: { about: 'A page, by id; default 100', schema: z.strictObject({ items: z.array(flowInfo), next: z.string().nullable() }).meta({ id: 'FlowPage' }) } },
  },
  getDefinition: {
    method: 'GET', path: '/flows/{flowId}/definition', scope: 'read', group, about: 'Answers with the definition of a flow, as JSON.', cache: 'body', params: z.strictObject({ flowId }),
    answers: { 200: { about: 'The definition', schema: z.strictObject({ flowId, version: z.string(), digest: z.string(), definition: json }).meta({ id: 'FlowDefinition' }) } }, problems: ['flow_unknown'],
  },
  listStats: {
    method: 'GET', path: '/stats', scope: 'read', group, about: 'Sums executions up: runs, scores and times, by a label or by flow, and day by day.', cache: 'all', query: statsQuery,
    answers: { 200: { about: 'The group with the latest start first', schema: z.strictObject({ items: z.array(groupStats) }).meta({ id: 'Stats' }) } },
  },
  syncFlows: {
    method: 'POST', path: '/sync', scope: 'operate', group, about: 'Takes the definitions of the folder over that the server was started with.',
    answers: {
      200: {
        about: 'What became of each file',
        schema: z.strictObject({
          new: count, changed: count, unchanged: count,
          invalid: z.array(z.strictObject({ file: z.string(), code: z.string(), message: z.string(), line: z.int().optional(), column: z.int().optional() })),
          flows: z.array(z.strictObject({ flowId, status: z.enum(['new', 'changed', 'unchanged']), digest: z.string() })),
        }).meta({ id: 'SyncReport' }),
      },
    },
    problems: ['sync_unavailable', 'server_read_only'],
  },
  upsertFlow: {
    method: 'PUT', also: 'POST', path: '/upsert-yml', scope: 'operate', group, about: 'Takes one definition over: the text of a flow, or of a benchmark.',
    body: { schema: z.string().min(1), types: ['text/yaml', 'application/yaml', 'application/x-yaml', 'text/plain', 'application/json'] },
    answers: { 200: { about: 'It can be started', schema: z.strictObject({ flowId, version: z.string(), digest: z.string(), status: z.enum(['new', 'changed', 'unchanged']) }).meta({ id: 'UpsertedFlow' }) } },
    problems: ['definition_invalid', 'not_yaml', 'body_too_large', 'server_read_only'],
  },
});
