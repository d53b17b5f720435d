import { z } from 'zod';
import { consolidatedSession, executionDetails, executionStatus, executionSummary, pageOf, progress, transition } from './execution-schemas.ts';
import { artifactInfo, interactionInfo, interactionTotals } from './made-schemas.ts';
import { defineRoutes } from './route.ts';
import { cursor, executionId, flag, generation, json, labels, limit } from './values.ts';

const group = 'Executions';
const id = z.strictObject({ id: executionId });
const flowId = z.string().min(1).max(500);
const found = ['execution_not_found'];
const owned = ['runtime_faulted', 'owner_unreachable', 'server_read_only'];

const runBody = z.strictObject({
  input: json.optional().describe("Checked against the flow's `input`. Default `{}`"),
  agent: z.string().min(1).max(200).optional().describe('Who carries it out: the label `agent`'),
  labels: labels.optional(),
  idempotencyKey: z.string().min(1).max(500).optional().describe('Same key, same execution'),
  priority: z.int().optional().describe('Higher goes first. Default 0'),
  isolate: z.boolean().optional().describe('Whether it runs in a process of its own'),
  wait: z.union([z.string().max(50), z.number()]).optional().describe('How long to wait for its end, as `20s` or milliseconds, at most a minute. Default: not at all'),
});

const started = {
  executionId,
  generation: z.int().positive(),
  status: executionStatus,
  created: z.boolean().describe('False: it met an execution with the same idempotency key'),
  cursor: z.string().nullable().describe('Before its first event: follow the feed from here'),
};

export const executionRoutes = defineRoutes({
  runFlow: {
    method: 'POST', path: '/flows/{flowId}/run', scope: 'run', group, about: 'Starts a flow. What is answered is stored: the execution goes on whatever becomes of the connection.',
    params: z.strictObject({ flowId }), body: { schema: runBody, optional: true },
    answers: {
      202: { about: 'It has started; `Location` says where it is', schema: z.strictObject(started).meta({ id: 'StartedExecution' }) },
      200: { about: 'It settled within `wait`', schema: z.strictObject({ ...started, execution: executionDetails }).meta({ id: 'EndedExecution' }) },
    },
    problems: ['flow_unknown', 'input_invalid', 'tool_unknown', 'idempotency_key_taken', ...owned],
  },
  listExecutions: {
    method: 'GET', path: '/executions', scope: 'read', group, about: 'Lists executions, a page at a time.', labels: true, cache: 'all',
    query: z.strictObject({
      flow: flowId.optional(),
      status: z.string().max(200).optional().describe('One, or several with commas: `pending`, `stepping`, `consolidating`, `scored`, `failed`'),
      parent: executionId.optional().describe('Those that this execution has started'),
      order: z.enum(['newest', 'oldest']).optional().describe('By their start. Default `newest` first'),
      limit: limit.optional(),
      cursor: cursor.optional(),
    }),
    answers: { 200: { about: 'A page; default 100', schema: pageOf(executionSummary).meta({ id: 'ExecutionPage' }) } },
    problems: ['parameter_invalid'],
  },
  getExecution: {
    method: 'GET', path: '/executions/{id}', scope: 'read', group, about: 'Tells how an execution stands, with its steps and their outputs.', params: id, cache: 'execution',
    query: z.strictObject({ generation: generation.optional(), items: flag.optional().describe('Also the items of `for_each` steps') }),
    answers: { 200: { about: 'The execution', schema: executionDetails } }, problems: found,
  },
  deleteExecution: {
    method: 'DELETE', path: '/executions/{id}', scope: 'operate', group, about: 'Deletes a settled execution, with all that is stored of it.', params: id,
    answers: { 204: { about: 'It is gone' } }, problems: [...found, 'execution_unsettled', ...owned],
  },
  stopExecution: {
    method: 'POST', path: '/executions/{id}/stop', scope: 'run', group, about: 'Cancels an execution: a success that comes later does not count.', params: id,
    body: { schema: z.strictObject({ message: z.string().max(2_000).optional().describe('Why; kept with it') }), optional: true },
    answers: { 202: { about: 'The cancel is stored', schema: z.strictObject({ executionId, status: executionStatus }).meta({ id: 'StoppedExecution' }) } },
    problems: [...found, 'execution_settled', ...owned],
  },
  signalExecution: {
    method: 'POST', path: '/executions/{id}/signals/{name}', scope: 'run', group, about: 'Sends a signal to an execution.',
    params: z.strictObject({ id: executionId, name: z.string().min(1).max(500) }),
    body: { schema: z.strictObject({ payload: json.optional(), force: z.boolean().optional().describe('Also one that no step takes') }), optional: true },
    answers: { 202: { about: 'It is stored', schema: z.strictObject({ executionId, name: z.string() }).meta({ id: 'SentSignal' }) } },
    problems: [...found, 'signal_unknown', 'signal_payload_invalid', 'execution_settled', ...owned],
  },
  retryExecution: {
    method: 'POST', path: '/executions/{id}/retry', scope: 'run', group, about: 'Runs steps of a settled execution again, in a new generation of it.', params: id,
    body: {
      schema: z.strictObject({
        steps: z.array(z.string().min(1).max(500)).max(10_000).optional().describe('Default: what failed'),
        cascade: z.boolean().optional().describe('Whether everything downstream runs again, too. Default true'),
        onNewDefinition: z.boolean().optional(),
      }),
      optional: true,
    },
    answers: { 202: { about: 'The generation has begun', schema: z.strictObject({ executionId, generation: z.int().positive() }).meta({ id: 'RetriedExecution' }) } },
    problems: [...found, 'execution_unsettled', 'retry_nothing', 'step_unknown', 'definition_changed', ...owned],
  },
  resumeExecution: {
    method: 'POST', path: '/executions/{id}/resume', scope: 'run', group, about: 'Goes on with an unfinished execution that stands still.', params: id,
    body: { schema: z.strictObject({ onNewDefinition: z.boolean().optional() }), optional: true },
    answers: { 202: { about: 'It goes on', schema: z.strictObject({ executionId, status: executionStatus }).meta({ id: 'ResumedExecution' }) } },
    problems: [...found, 'execution_settled', 'execution_active', 'definition_changed', ...owned],
  },
  getProgress: {
    method: 'GET', path: '/executions/{id}/progress', scope: 'read', group, about: 'Tells how far an execution is, and what is likely left.', params: id,
    answers: { 200: { about: 'The progress', schema: progress } }, problems: found,
  },
  listTransitions: {
    method: 'GET', path: '/executions/{id}/transitions', scope: 'read', group, about: 'Lists what happened to an execution, in order. With `Accept: application/x-ndjson` one JSON text a line.',
    params: id, cache: 'execution', query: z.strictObject({ generation: generation.optional(), limit: limit.optional(), cursor: cursor.optional() }),
    answers: { 200: { about: 'A page; default 100', schema: pageOf(transition).meta({ id: 'TransitionPage' }), types: ['application/x-ndjson'] } }, problems: found,
  },
  listArtifacts: {
    method: 'GET', path: '/executions/{id}/artifacts', scope: 'read', group, about: 'Lists the documents that an execution has made.', params: id, cache: 'execution',
    query: z.strictObject({ versions: z.enum(['newest', 'all']).optional().describe('Default `newest`'), limit: limit.optional(), cursor: cursor.optional() }),
    answers: { 200: { about: 'A page; default 100', schema: pageOf(artifactInfo).meta({ id: 'ArtifactPage' }) } }, problems: found,
  },
  readArtifact: {
    method: 'GET', path: '/executions/{id}/artifacts/{name*}', scope: 'read', group, about: 'Answers with a document itself, or with a part of it that `Range` names.',
    params: z.strictObject({ id: executionId, name: z.string().min(1).max(1_000) }),
    query: z.strictObject({ version: z.coerce.number().int().positive().optional().describe('Default: the newest') }),
    answers: {
      200: { about: 'The document, as the type it was stored with', types: ['*/*'] },
      206: { about: 'The part that was asked for', types: ['*/*'] },
      304: { about: 'It is the one that `If-None-Match` names' },
    },
    problems: [...found, 'artifact_not_found', 'range_unsatisfiable'],
  },
  listInteractions: {
    method: 'GET', path: '/executions/{id}/interactions', scope: 'read', group, about: 'Lists the calls of language models that an execution has made, and adds them up.', params: id, cache: 'execution',
    query: z.strictObject({ step: z.string().min(1).max(500).optional(), limit: limit.optional(), cursor: cursor.optional() }),
    answers: { 200: { about: 'A page; default 100', schema: z.strictObject({ items: z.array(interactionInfo), next: z.string().nullable(), totals: interactionTotals }).meta({ id: 'InteractionPage' }) } },
    problems: found,
  },
  getConsolidated: {
    method: 'GET', path: '/consolidated/{sessionId}', scope: 'read', group, about: 'Answers with what an execution came to, as one document. It never changes.',
    params: z.strictObject({ sessionId: z.string().min(1).max(600) }),
    answers: { 200: { about: 'The session; with score 0 and `error` when it could not be consolidated', schema: consolidatedSession }, 304: { about: 'It is the one that `If-None-Match` names' } },
    problems: ['consolidated_not_found'],
  },
});
