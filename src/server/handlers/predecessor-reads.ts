import type { ExecutionRecord } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import { gatherWork } from '../../kinds/flows/consolidation/gather.ts';
import { findConsolidated, loadSession } from '../../kinds/flows/consolidation/read-session.ts';
import type { ConsolidatedSession, ConsolidatedToolCall } from '../../kinds/flows/consolidation/session.ts';
import { readSteps } from '../../kinds/flows/consolidation/steps-text.ts';
import { readDetails } from '../../kinds/flows/queries.ts';
import { readProgress } from '../../kinds/flows/read-progress.ts';
import { renderExecutionDiagram } from '../../views/mermaid/execution-diagram.ts';
import { readExecutionView } from '../../views/read-execution-view.ts';
import { escapeHtml } from '../../views/report/escape-html.ts';
import { createPalette } from '../../views/terminal/palette.ts';
import { renderStepTree, toTreeStep } from '../../views/terminal/step-tree.ts';
import { listKnownFlows, listNewest, requireFlow } from './catalog-reads.ts';
import type { KnownFlow } from './catalog-reads.ts';
import { readTransitions } from './execution-reads.ts';
import { readSessionId, requireEither, requireExecution, requireNewest } from './find-execution.ts';
import type { Body, ReadContext, ReadHandlers } from './handler.ts';
import { readAgent, toErrorMessage, toIso, toOldContent, toOldMetadata, toOldResult, toOldStatus } from './old-forms.ts';
import type { Page } from './pages.ts';
import { cutPage, defaultLimit, prefers, readNumber, tellPage } from './pages.ts';

const recentExecutions = 10;
const treeColumns = 120;

async function toBenchmark(context: ReadContext, { definition, flowType }: KnownFlow): Promise<Body<'listBenchmarks'>[number]> {
  const [last] = await listNewest(context, definition.id, 1);
  return {
    id: definition.id, benchmark_name: definition.id, description: definition.description ?? '', prompt: definition.description ?? '', flow_type: flowType,
    latest_execution_id: last?.executionId ?? null, latest_status: last ? toOldStatus(last) : null, latest_score: last?.score ?? null,
  };
}

async function toOldState(context: ReadContext, record: ExecutionRecord): Promise<Body<'getBenchmarkStatus'>> {
  const { reader, plans } = context;
  const plan = await plans.load(reader, record.digest);
  const details = await readDetails(reader, plan, record);
  const { steps } = details;
  const moved = Math.max(record.createdAt, ...steps.map(({ startedAt, settledAt }) => settledAt ?? startedAt ?? 0), record.settledAt ?? 0);
  // At the time it last moved: so the answer stays the same until something happens.
  const { share } = await readProgress(reader, plan, record, moved);
  return {
    execution_id: record.executionId, benchmark_id: record.flowId, agent: await readAgent(reader, record.executionId), status: toOldStatus(record), progress: share,
    created_at: toIso(record.createdAt), updated_at: toIso(moved), error_message: toErrorMessage(details), result_data: toOldResult(details),
    consolidated_session_id: details.consolidatedSessionId, generation: record.generation,
  };
}

/** An execution of this flow. @throws a `FlowError` with code `execution_not_found` */
export async function requireExecutionOf(context: ReadContext, flowId: string, executionId: string): Promise<ExecutionRecord> {
  const record = await requireExecution(context, executionId);
  if (record.flowId === flowId) return record;
  throw new FlowError('execution_not_found', `Expected an execution of the flow ${describeValue(flowId)}, ${executionId} is one of "${record.flowId}"`);
}

/** Every run of a tool, in the order in which they began. */
async function listCalls({ reader, plans }: ReadContext, record: ExecutionRecord): Promise<(ConsolidatedToolCall & { readonly stepId: string })[]> {
  const plan = await plans.load(reader, record.digest);
  const rows = await reader.listSteps(record.key);
  const consolidated = record.settledAt === null ? undefined : await reader.getConsolidated(record.key);
  const steps = consolidated ? (await loadSession(reader, record, consolidated)).steps : readSteps(record.executionId, plan, await gatherWork(reader, record.key, plan, rows));
  return steps.flatMap(({ stepId, toolCalls }) => toolCalls.map(call => ({ stepId, ...call }))).toSorted((a, b) => a.startedAt - b.startedAt);
}

/** A page of a list that is in memory; the cursor is how many came before. */
function cutAt<Item>(all: readonly Item[], limit: number, cursor: string | undefined): Page<Item> {
  const first = readNumber(cursor) ?? 0;
  return cutPage(all.slice(first, first + limit + 1), limit, () => String(first + limit));
}

/** What a chain said of a transaction; undefined: the output has nothing of it. */
function readChainLogs(output: unknown): string[] | undefined {
  if (typeof output !== 'object' || output === null) return undefined;
  const { logs, last_transaction_logs: last = logs } = output as { readonly logs?: unknown; readonly last_transaction_logs?: unknown };
  return Array.isArray(last) && last.every(line => typeof line === 'string') ? last : undefined;
}

async function requireSession({ reader }: ReadContext, executionId: string, generation?: number): Promise<ConsolidatedSession> {
  const found = await findConsolidated(reader, executionId, generation);
  if (found) return loadSession(reader, found.execution, found.row);
  throw new FlowError(generation === undefined ? 'consolidated_pending' : 'consolidated_not_found', `Expected an execution that was consolidated, ${executionId} was not${generation === undefined ? ' so far' : ` in generation ${generation}`}`);
}

const toOldSession = (session: ConsolidatedSession): Body<'getOldSession'> => ({
  session_id: session.consolidatedSessionId, execution_id: session.executionId, content: toOldContent(session), metadata: toOldMetadata(session), created_at: toIso(session.createdAt), success: true,
});

async function readStatus(context: ReadContext, record: ExecutionRecord, withMetadata: boolean): Promise<Body<'getConsolidationStatus'>> {
  const found = await findConsolidated(context.reader, record.executionId, record.generation);
  const session = found && (await loadSession(context.reader, found.execution, found.row));
  const base = { execution_id: record.executionId, updated_at: toIso(session?.createdAt ?? record.settledAt ?? record.startedAt ?? record.createdAt) };
  if (session) {
    const message = session.error ? session.error.message : 'The execution was consolidated';
    return { ...base, complete: true, consolidated_session_id: session.consolidatedSessionId, status: session.status, message, ...(withMetadata && { metadata: toOldMetadata(session) }) };
  }
  if (record.settledAt !== null) return { ...base, complete: true, consolidated_session_id: null, status: 'failed', message: record.failure?.message ?? 'The execution ended before it was consolidated' };
  const began = record.startedAt !== null;
  return { ...base, complete: false, consolidated_session_id: null, status: began ? 'in_progress' : 'pending', message: began ? 'The steps are under way' : 'The execution waits to be admitted' };
}

type Own = 'listBenchmarks' | 'getBenchmark' | 'getBenchmarkStatus' | 'getBenchmarkExecution' | 'getDiagram' | 'listFlowLogs' | 'listExecutionLogs' | 'listTransactionLogs'
  | 'getOldSession' | 'getOldSessionOfExecution' | 'getConsolidationStatus';

export const predecessorReads: Pick<ReadHandlers, Own> = {
  async listBenchmarks(_asked, context) {
    return { body: await Promise.all((await listKnownFlows(context)).map(flow => toBenchmark(context, flow))) };
  },

  async getBenchmark({ params }, context) {
    const flow = await requireFlow(context, params.id);
    const recent = await listNewest(context, params.id, recentExecutions);
    const recentExecutionsOf = await Promise.all(recent.map(async record => ({
      execution_id: record.executionId, agent: await readAgent(context.reader, record.executionId), status: toOldStatus(record), score: record.score,
      created_at: toIso(record.createdAt), updated_at: toIso(record.settledAt ?? record.startedAt ?? record.createdAt),
    })));
    return { body: { ...(await toBenchmark(context, flow)), content: JSON.stringify(flow.definition), recent_executions: recentExecutionsOf } };
  },

  async getBenchmarkStatus({ params }, context) {
    return { body: await toOldState(context, await requireNewest(context, params.id)) };
  },

  async getBenchmarkExecution({ params }, context) {
    return { body: await toOldState(context, await requireExecutionOf(context, params.id, params.execution_id)) };
  },

  async getDiagram(asked, context) {
    const { session_id: sessionId } = asked.params;
    const wanted = readSessionId(sessionId) ?? { executionId: sessionId, generation: undefined };
    const record = await requireExecution(context, wanted.executionId, wanted.generation);
    const view = await readExecutionView(context.reader, await context.plans.load(context.reader, record.digest), record);
    const diagram = renderExecutionDiagram(view);
    const format = asked.query.format ?? (prefers(asked, 'text/html') ? 'html' : prefers(asked, 'text/vnd.mermaid') ? 'mermaid' : 'json');
    const headers = { 'x-flow-type': (await context.plans.load(context.reader, record.digest)).flowType };
    if (format === 'mermaid') return { text: diagram, type: 'text/vnd.mermaid; charset=utf-8', headers };
    if (format === 'html') {
      const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(record.flowId)}</title><h1>${escapeHtml(record.flowId)}</h1><pre class="mermaid">${escapeHtml(diagram)}</pre></html>\n`;
      return { text: page, type: 'text/html; charset=utf-8', headers: { ...headers, 'content-security-policy': "sandbox; default-src 'none'" } };
    }
    return { body: { session_id: sessionId, execution_id: record.executionId, flow_id: record.flowId, status: toOldStatus(record), diagram }, headers };
  },

  async listFlowLogs(asked, context) {
    const { limit = defaultLimit, cursor } = asked.query;
    const record = await requireEither(context, asked.params.id);
    const page = await readTransitions(context, record, limit, readNumber(cursor) ?? 0);
    return tellPage(asked, page, ({ items, next }) => ({ benchmark_id: record.flowId, execution_id: record.executionId, items, next }));
  },

  async listExecutionLogs(asked, context) {
    const { limit = defaultLimit, cursor } = asked.query;
    const record = await requireEither(context, asked.params.id);
    const view = await readExecutionView(context.reader, await context.plans.load(context.reader, record.digest), record);
    const trace = `${renderStepTree(view.steps.map(toTreeStep), createPalette({ colors: false, unicode: true }), treeColumns)}\n`;
    if (prefers(asked, 'text/plain')) return { text: trace, type: 'text/plain; charset=utf-8' };
    const page = cutAt(await listCalls(context, record), limit, cursor);
    return tellPage(asked, page, ({ items, next }) => ({ benchmark_id: record.flowId, execution_id: record.executionId, trace, items, next }));
  },

  async listTransactionLogs(asked, context) {
    const { limit = defaultLimit, cursor } = asked.query;
    const record = await requireEither(context, asked.params.id);
    const all = (await listCalls(context, record)).flatMap(({ stepId, tool, attempt, startedAt, output }) => {
      const logs = readChainLogs(output);
      return logs ? [{ stepId, tool, attempt, at: startedAt, logs }] : [];
    });
    return tellPage(asked, cutAt(all, limit, cursor), ({ items, next }) => ({ benchmark_id: record.flowId, execution_id: record.executionId, items, next }));
  },

  async getOldSession({ params }, context) {
    const wanted = readSessionId(params.session_id);
    if (!wanted) throw new FlowError('consolidated_not_found', `Expected the id of a consolidated session, got ${describeValue(params.session_id)}`);
    return { body: toOldSession(await requireSession(context, wanted.executionId, wanted.generation)), immutable: true };
  },

  async getOldSessionOfExecution({ params }, context) {
    await requireExecution(context, params.id);
    return { body: toOldSession(await requireSession(context, params.id)) };
  },

  async getConsolidationStatus({ params, query }, context) {
    return { body: await readStatus(context, await requireExecution(context, params.execution_id), query.include_metadata === true) };
  },
};
