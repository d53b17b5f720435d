import type { ExecutionRecord } from '../../../persistence/records.ts';
import { agentLabel } from '../../catalog/read-stats.ts';
import { FlowError } from '../../core/errors.ts';
import { readDetails } from '../../kinds/flows/queries.ts';
import type { ExecutionDetails, StartOptions } from '../../kinds/flows/execution-api.ts';
import { gatherWork } from '../../kinds/flows/consolidation/gather.ts';
import { readSteps } from '../../kinds/flows/consolidation/steps-text.ts';
import { basePath } from '../table/routes.ts';
import { requireExecution } from './find-execution.ts';
import type { Body, Told, WriteContext, WriteHandlers } from './handler.ts';
import { toErrorMessage, toIso, toOldResult, toOldStatus, toOldToolCall } from './old-forms.ts';
import { requireExecutionOf } from './predecessor-reads.ts';
import { readWait, waitForEnd } from './wait.ts';

interface RunRequest {
  readonly input?: unknown;
  readonly agent?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly priority?: number | undefined;
  readonly isolate?: boolean | undefined;
  readonly wait?: string | number | undefined;
}

interface Ran {
  readonly record: ExecutionRecord;
  readonly created: boolean;
  readonly cursor: string;
  /** It settled while it was waited for. */
  readonly details: ExecutionDetails | undefined;
}

/** Starts a flow, and waits for it if that was asked for. That nobody waits any more ends nothing. */
async function run(context: WriteContext, flowId: string, { agent, labels, wait, ...options }: RunRequest, signal: AbortSignal): Promise<Ran> {
  const ms = readWait(wait);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as StartOptions;
  const marks = { ...labels, ...(agent !== undefined && { [agentLabel]: agent }) };
  // From before its first event: whoever follows from here misses nothing.
  const cursor = await context.feed.here();
  const { executionId, created } = await context.client.start(flowId, { ...given, ...(Object.keys(marks).length > 0 && { labels: marks }) });
  const ended = await waitForEnd(context, executionId, ms, cursor, AbortSignal.any([signal, context.ending]));
  const record = await requireExecution(context, executionId);
  const details = ended ? await readDetails(context.reader, await context.plans.load(context.reader, record.digest), record) : undefined;
  return { record, created, cursor, details };
}

const locate = (executionId: string): { readonly location: string } => ({ location: `${basePath}/executions/${encodeURIComponent(executionId)}` });

/** Cancels. @throws a `FlowError` with code `execution_settled` */
async function stop({ client }: WriteContext, executionId: string, message?: string): Promise<void> {
  if (await client.cancel(executionId, message)) return;
  throw new FlowError('execution_settled', `Expected an unsettled execution to stop, ${executionId} has settled`);
}

async function toOldRun(context: WriteContext, { record, created, cursor, details }: Ran): Promise<Body<'runBenchmark'>> {
  const { executionId, generation, createdAt, settledAt } = record;
  const { reader, plans } = context;
  const plan = await plans.load(reader, record.digest);
  const steps = details ? readSteps(executionId, plan, await gatherWork(reader, record.key, plan, await reader.listSteps(record.key))) : [];
  const calls = steps.flatMap(({ toolCalls }) => toolCalls).toSorted((a, b) => a.startedAt - b.startedAt);
  return {
    execution_id: executionId, executionId, generation, created, cursor, status: toOldStatus(record), duration_ms: (settledAt ?? createdAt) - createdAt,
    result: details ? toOldResult(details) : null, error: details ? toErrorMessage(details) : null,
    logs: calls.map(({ startedAt, tool, status }) => `${toIso(startedAt)} ${tool} ${status}`), tool_calls: calls.map(toOldToolCall),
  };
}

const tell = <Content>(status: number, body: Content, headers?: Readonly<Record<string, string>>): Told<Content> => ({ status, body, ...(headers && { headers }) });

type Own = 'runFlow' | 'deleteExecution' | 'stopExecution' | 'signalExecution' | 'retryExecution' | 'resumeExecution' | 'runBenchmark' | 'stopBenchmark';

export const executionWrites: Pick<WriteHandlers, Own> = {
  async runFlow({ params, body, request }, context) {
    const { record: { executionId, generation, status }, created, cursor, details } = await run(context, params.flowId, body, request.signal);
    const started = { executionId, generation, status, created, cursor };
    return details ? tell(200, { ...started, execution: details }, locate(executionId)) : tell(202, started, locate(executionId));
  },

  async runBenchmark({ params, body, request }, context) {
    const { config, agent = config?.agent_type, timeout_seconds: _unused, ...options } = body;
    const ran = await run(context, params.id, { ...options, agent }, request.signal);
    return tell(ran.details ? 200 : 202, await toOldRun(context, ran), locate(ran.record.executionId));
  },

  async deleteExecution({ params }, context) {
    await requireExecution(context, params.id);
    await context.client.delete(params.id);
    return { status: 204 };
  },

  async stopExecution({ params, body }, context) {
    await requireExecution(context, params.id);
    await stop(context, params.id, body.message);
    return tell(202, { executionId: params.id, status: (await requireExecution(context, params.id)).status });
  },

  async stopBenchmark({ params }, context) {
    await requireExecutionOf(context, params.id, params.execution_id);
    await stop(context, params.execution_id);
    const record = await requireExecution(context, params.execution_id);
    return tell(202, { execution_id: params.execution_id, status: toOldStatus(record), message: 'The execution was stopped: what ends later does not count' });
  },

  async signalExecution({ params, body }, { client }) {
    await client.signal(params.id, params.name, body.payload ?? null, { ...(body.force !== undefined && { force: body.force }) });
    return tell(202, { executionId: params.id, name: params.name });
  },

  async retryExecution({ params, body }, context) {
    const { steps, cascade, onNewDefinition } = body;
    const generation = await context.client.retry(params.id, { ...(steps && { steps }), ...(cascade !== undefined && { cascade }), ...(onNewDefinition !== undefined && { onNewDefinition }) });
    return tell(202, { executionId: params.id, generation }, locate(params.id));
  },

  async resumeExecution({ params, body }, context) {
    await context.client.resume(params.id, { ...(body.onNewDefinition !== undefined && { onNewDefinition: body.onNewDefinition }) });
    return tell(202, { executionId: params.id, status: (await requireExecution(context, params.id)).status });
  },
};
