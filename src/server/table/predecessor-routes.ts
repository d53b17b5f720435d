import { z } from 'zod';
import { groupStats, statsQuery } from './catalog-routes.ts';
import { loggedCall, transition } from './execution-schemas.ts';
import { defineRoutes } from './route.ts';
import { count, cursor, executionId, flag, json, labels, limit } from './values.ts';

const group = "The predecessor's";
const benchmarkId = z.string().min(1).max(500).describe('The flow');
const either = z.strictObject({ id: z.string().min(1).max(500).describe('An execution, or a flow: then its newest execution') });
const sessionId = z.string().min(1).max(600).describe('A consolidated session, or an execution');
const isoTime = z.string().describe('RFC 3339');
const unknownId = ['execution_not_found', 'flow_unknown'];

/** The predecessor's words for a status. */
export const oldStatus = z.enum(['Queued', 'Running', 'Completed', 'Failed', 'Stopped', 'Timeout']).meta({ id: 'OldStatus' });

const benchmark = {
  id: z.string(),
  benchmark_name: z.string(),
  description: z.string(),
  prompt: z.string().describe('The description of the flow'),
  flow_type: z.enum(['static', 'dynamic']),
  latest_execution_id: z.string().nullable(),
  latest_status: oldStatus.nullable(),
  latest_score: z.number().nullable(),
};

const recentExecution = z.strictObject({
  execution_id: z.string(), agent: z.string().nullable(), status: oldStatus, score: z.number().nullable(), created_at: isoTime, updated_at: isoTime,
}).meta({ id: 'OldExecution' });

const oldToolCall = z.strictObject({
  tool_name: z.string(), timestamp: isoTime, duration_ms: z.number(), success: z.boolean(), error: z.string().nullable(), params: json, result_data: json,
}).meta({ id: 'OldToolCall' });

const executionState = z.strictObject({
  execution_id: z.string(),
  benchmark_id: z.string(),
  agent: z.string().nullable(),
  status: oldStatus,
  progress: z.number().describe('0 to 1'),
  created_at: isoTime,
  updated_at: isoTime,
  error_message: z.string().nullable(),
  result_data: z.strictObject({ success: z.boolean(), score: z.number(), outputs: z.record(z.string(), json) }).nullable(),
  consolidated_session_id: z.string().nullable().describe('From the moment it exists'),
  generation: z.int().positive(),
}).meta({ id: 'OldExecutionState' });

const oldRun = z.strictObject({
  execution_id: z.string(), executionId, generation: z.int().positive(), created: z.boolean(), cursor: z.string().nullable(),
  status: oldStatus, duration_ms: z.number(), result: z.strictObject({ success: z.boolean(), score: z.number(), outputs: z.record(z.string(), json) }).nullable(),
  error: z.string().nullable(), logs: z.array(z.string()), tool_calls: z.array(oldToolCall),
}).meta({ id: 'OldRun' });

const sessionMetadata = z.strictObject({
  avg_score: z.number(), total_tools: count, success_rate: z.number().describe('0 to 100'), execution_duration_ms: z.number(), session_count: count,
}).meta({ id: 'OldSessionMetadata' });

const oldSession = z.strictObject({
  session_id: z.string(),
  execution_id: z.string(),
  content: z.string().describe('JSON text: the session, as it always was'),
  metadata: sessionMetadata,
  created_at: isoTime,
  success: z.literal(true),
}).meta({ id: 'OldConsolidatedSession' });

export const predecessorRoutes = defineRoutes({
  listBenchmarks: {
    method: 'GET', path: '/benchmarks', scope: 'read', group, about: 'Lists the flows there are.', predecessor: true, cache: 'body',
    answers: { 200: { about: 'By id', schema: z.array(z.strictObject(benchmark).meta({ id: 'OldBenchmark' })) } },
  },
  getBenchmark: {
    method: 'GET', path: '/benchmarks/{id}', scope: 'read', group, about: 'Tells of a flow and its latest executions.', predecessor: true, cache: 'body', params: z.strictObject({ id: benchmarkId }),
    answers: { 200: { about: 'The flow', schema: z.strictObject({ ...benchmark, content: z.string().describe('The definition, JSON text'), recent_executions: z.array(recentExecution) }).meta({ id: 'OldBenchmarkDetails' }) } },
    problems: ['flow_unknown'],
  },
  listAgents: {
    method: 'GET', path: '/agents', scope: 'read', group, about: 'Lists who has carried executions out: the values of the label `agent`.', predecessor: true, cache: 'all',
    answers: { 200: { about: 'Names', schema: z.strictObject({ agents: z.array(z.string()) }).meta({ id: 'OldAgents' }) } },
  },
  listAgentPerformance: {
    method: 'GET', path: '/agent-performance', scope: 'read', group, about: 'Sums executions up by who carried them out.', predecessor: true, cache: 'all', query: statsQuery,
    answers: { 200: { about: 'The agent with the latest start first', schema: z.array(z.strictObject({ agent_type: z.string(), ...groupStats.shape }).meta({ id: 'OldAgentPerformance' })) } },
  },
  runBenchmark: {
    method: 'POST', path: '/benchmarks/{id}/run', scope: 'run', group, about: 'Starts a flow. What is answered is stored.', predecessor: true, params: z.strictObject({ id: benchmarkId }),
    body: {
      schema: z.strictObject({
        agent: z.string().min(1).max(200).optional().describe('The label `agent`'),
        config: z.strictObject({ agent_type: z.string().min(1).max(200).optional() }).optional().describe('Its keys and addresses are not taken: see what is refused'),
        input: json.optional(),
        labels: labels.optional(),
        idempotencyKey: z.string().min(1).max(500).optional(),
        wait: z.union([z.string().max(50), z.number()]).optional(),
        timeout_seconds: z.number().optional().describe('Taken and not used: the flow says how long it may take'),
      }),
      optional: true,
    },
    answers: { 202: { about: 'It has started', schema: oldRun }, 200: { about: 'It settled within `wait`', schema: oldRun } },
    problems: ['flow_unknown', 'input_invalid', 'idempotency_key_taken', 'runtime_faulted', 'server_read_only'],
  },
  getBenchmarkStatus: {
    method: 'GET', path: '/benchmarks/{id}/status', scope: 'read', group, about: 'Tells how the newest execution of a flow stands.', predecessor: true, params: z.strictObject({ id: benchmarkId }), cache: 'all',
    answers: { 200: { about: 'The execution', schema: executionState } }, problems: unknownId,
  },
  getBenchmarkExecution: {
    method: 'GET', path: '/benchmarks/{id}/status/{execution_id}', scope: 'read', group, about: 'Tells how an execution of a flow stands.', predecessor: true, cache: 'all',
    params: z.strictObject({ id: benchmarkId, execution_id: executionId }), answers: { 200: { about: 'The execution', schema: executionState } }, problems: unknownId,
  },
  stopBenchmark: {
    method: 'POST', path: '/benchmarks/{id}/stop/{execution_id}', scope: 'run', group, about: 'Cancels an execution: a success that comes later does not count.', predecessor: true,
    params: z.strictObject({ id: benchmarkId, execution_id: executionId }),
    answers: { 202: { about: 'The cancel is stored', schema: z.strictObject({ execution_id: z.string(), status: oldStatus, message: z.string() }).meta({ id: 'OldStop' }) } },
    problems: [...unknownId, 'execution_settled', 'runtime_faulted', 'server_read_only'],
  },
  getDiagram: {
    method: 'GET', path: '/flows/{session_id}', scope: 'read', group, about: 'Draws an execution as it went; by the id of its consolidated session, or by its own.', predecessor: true,
    params: z.strictObject({ session_id: sessionId }), cache: 'all',
    query: z.strictObject({ format: z.enum(['json', 'html', 'mermaid']).optional().describe('Default: by `Accept`, else `json`') }),
    answers: {
      200: {
        about: 'The diagram, as JSON, as Mermaid text (`text/vnd.mermaid`), or as a page without scripts',
        schema: z.strictObject({ session_id: z.string(), execution_id: z.string(), flow_id: z.string(), status: oldStatus, diagram: z.string().describe('Mermaid text') }).meta({ id: 'OldDiagram' }),
        types: ['text/vnd.mermaid', 'text/html'],
      },
    },
    problems: ['execution_not_found', 'consolidated_not_found'],
  },
  listFlowLogs: {
    method: 'GET', path: '/flow-logs/{id}', scope: 'read', group, about: 'Lists the transitions of an execution. With `Accept: application/x-ndjson` one JSON text a line.', predecessor: true, params: either,
    query: z.strictObject({ limit: limit.optional(), cursor: cursor.optional() }), cache: 'all',
    answers: { 200: { about: 'A page; default 100', schema: z.strictObject({ benchmark_id: z.string(), execution_id: z.string(), items: z.array(transition), next: z.string().nullable() }).meta({ id: 'OldFlowLogs' }), types: ['application/x-ndjson'] } },
    problems: unknownId,
  },
  listExecutionLogs: {
    method: 'GET', path: '/execution-logs/{id}', scope: 'read', group, about: 'Lists the attempts of an execution with their calls of tools, and draws its steps as a tree. `Accept: text/plain`: only the tree.', predecessor: true, params: either,
    query: z.strictObject({ limit: limit.optional(), cursor: cursor.optional() }), cache: 'all',
    answers: {
      200: {
        about: 'A page; default 100',
        schema: z.strictObject({ benchmark_id: z.string(), execution_id: z.string(), trace: z.string().describe('The tree, as text'), items: z.array(loggedCall), next: z.string().nullable() }).meta({ id: 'OldExecutionLogs' }),
        types: ['application/x-ndjson', 'text/plain'],
      },
    },
    problems: unknownId,
  },
  listTransactionLogs: {
    method: 'GET', path: '/transaction-logs/{id}', scope: 'read', group,
    about: 'Lists the calls of tools whose outputs have `logs` or `last_transaction_logs`, lists of texts: what a chain said of a transaction.', predecessor: true, params: either,
    query: z.strictObject({ limit: limit.optional(), cursor: cursor.optional() }), cache: 'all',
    answers: {
      200: {
        about: 'A page; default 100',
        schema: z.strictObject({
          benchmark_id: z.string(), execution_id: z.string(), next: z.string().nullable(),
          items: z.array(z.strictObject({ stepId: z.string(), tool: z.string(), attempt: z.int().positive(), at: z.number(), logs: z.array(z.string()) }).meta({ id: 'OldTransaction' })),
        }).meta({ id: 'OldTransactionLogs' }),
        types: ['application/x-ndjson'],
      },
    },
    problems: unknownId,
  },
  getOldSession: {
    method: 'GET', path: '/sessions/consolidated/{session_id}', scope: 'read', group, about: 'Answers with what an execution came to, by the id of its session.', predecessor: true, cache: 'all',
    params: z.strictObject({ session_id: z.string().min(1).max(600) }), answers: { 200: { about: 'The session', schema: oldSession } }, problems: ['consolidated_not_found'],
  },
  getOldSessionOfExecution: {
    method: 'GET', path: '/executions/{id}/consolidated', scope: 'read', group, about: 'Answers with what an execution came to.', predecessor: true, cache: 'all', params: z.strictObject({ id: executionId }),
    answers: { 200: { about: 'The newest session', schema: oldSession } }, problems: ['execution_not_found', 'consolidated_pending'],
  },
  getConsolidationStatus: {
    method: 'GET', path: '/consolidation/{execution_id}/status', scope: 'read', group, about: 'Tells whether an execution has been consolidated.', predecessor: true, cache: 'all',
    params: z.strictObject({ execution_id: executionId }), query: z.strictObject({ include_metadata: flag.optional() }),
    answers: {
      200: {
        about: 'The status',
        schema: z.strictObject({
          execution_id: z.string(), complete: z.boolean(), consolidated_session_id: z.string().nullable(), status: z.enum(['pending', 'in_progress', 'completed', 'failed', 'timeout']),
          message: z.string(), updated_at: isoTime, metadata: sessionMetadata.optional(),
        }).meta({ id: 'OldConsolidationStatus' }),
      },
    },
    problems: ['execution_not_found'],
  },
});

/** Paths of the predecessor that are not answered, and why. */
export const refusedRoutes: readonly { readonly method: 'GET' | 'POST'; readonly path: string; readonly why: string }[] = [
  ...['execute-direct', 'execute-bridge', 'execute-recovery'].map(name => ({
    method: 'POST' as const, path: `/benchmarks/${name}`,
    why: 'It planned from a prompt and answered before anything had run. Write a flow, take it over with PUT /api/v1/upsert-yml, and start it with POST /api/v1/flows/{flowId}/run',
  })),
  ...([['POST', '/agents/config'], ['GET', '/agents/config/{agent_type}'], ['POST', '/agents/test']] as const).map(([method, path]) => ({
    method, path, why: 'Keys of agents belong to the program that runs them: give `createRuntime` tools and `models`, or `flowstone serve` a module with `--tools`',
  })),
  { method: 'GET', path: '/metrics/recovery', why: 'It gave constants. GET /api/v1/metrics counts what happens' },
  ...['benchmarks', 'agent-performance-raw', 'execution-sessions', 'insert-test-data'].map(name => ({
    method: 'GET' as const, path: `/debug/${name}`, why: 'It showed, or wrote, raw rows. Open the database with any SQLite program: docs/reference/storage.md has the questions',
  })),
  { method: 'GET', path: '/test-on-conflict', why: 'It tried the database out. `flowstone doctor` examines one' },
];
