import type { ArtifactRecord } from '../../../persistence/artifact-store.ts';
import type { ExecutionRecord, ExecutionStatus } from '../../../persistence/records.ts';
import { isFlowError, FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import { toArtifactInfo } from '../../kinds/flows/artifacts/artifact.ts';
import { requireArtifacts } from '../../kinds/flows/artifacts/read-artifacts.ts';
import { findConsolidated, loadSession } from '../../kinds/flows/consolidation/read-session.ts';
import { listInteractions, sumInteractions } from '../../kinds/flows/interactions/read-interactions.ts';
import type { ListOptions } from '../../kinds/flows/list-executions.ts';
import { listExecutions } from '../../kinds/flows/list-executions.ts';
import { readDetails, toSummary, toTransitions } from '../../kinds/flows/queries.ts';
import { readProgress } from '../../kinds/flows/read-progress.ts';
import { answerArtifact } from './answer-artifact.ts';
import { readSessionId, requireExecution } from './find-execution.ts';
import type { ReadContext, ReadHandlers } from './handler.ts';
import type { Page } from './pages.ts';
import { badCursor, cutPage, defaultLimit, readNumber, tellPage } from './pages.ts';

const statuses: readonly string[] = ['pending', 'stepping', 'consolidating', 'scored', 'failed'];
/** Rows of the journal read at a time. */
const journalRows = 100;

function readStatuses(text: string): ExecutionStatus[] {
  const words = text.split(',').map(word => word.trim());
  const unknown = words.find(word => !statuses.includes(word));
  if (unknown === undefined) return [...new Set(words)] as ExecutionStatus[];
  throw new FlowError('parameter_invalid', `Expected \`status\` to be one of ${statuses.join(', ')}, or several with commas, got ${describeValue(unknown)}`, { place: { path: 'query.status' } });
}

/** Transitions of one generation after a number, at most so many. */
export async function readTransitions({ reader }: Pick<ReadContext, 'reader'>, record: ExecutionRecord, limit: number, after: number): Promise<Page<ReturnType<typeof toTransition>>> {
  const found: ReturnType<typeof toTransition>[] = [];
  for (let last = after; found.length <= limit; ) {
    const rows = await reader.readJournal(record.key, last, journalRows);
    const news = rows.flatMap(row => [...toTransitions(record.executionId, row)]).filter(({ seq }) => seq > last);
    if (news.length === 0) break;
    found.push(...news.map(toTransition));
    last = news.at(-1)?.seq ?? last;
  }
  return cutPage(found, limit, ({ seq }) => String(seq));
}

type Transition = ReturnType<typeof toTransitions> extends Iterable<infer One> ? One : never;
const toTransition = ({ type: _type, ...rest }: Transition): Omit<Transition, 'type'> => rest;

function readArtifactPlace(cursor: string): Pick<ArtifactRecord, 'name' | 'version'> {
  const [, version = '', name = ''] = /^(\d{1,9})\.(.+)$/s.exec(cursor) ?? [];
  if (name === '') throw badCursor(cursor);
  return { name, version: Number(version) };
}

/** A cursor that is none is the caller's mistake about this parameter. */
async function withCursor<T>(cursor: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (cursor !== undefined && isFlowError(error, 'option_invalid')) throw badCursor(cursor);
    throw error;
  }
}

type Own = 'listExecutions' | 'getExecution' | 'getProgress' | 'listTransitions' | 'listArtifacts' | 'readArtifact' | 'listInteractions' | 'getConsolidated';

export const executionReads: Pick<ReadHandlers, Own> = {
  async listExecutions({ query, labels }, { reader }) {
    const { flow, status, parent, order, limit = defaultLimit, cursor } = query;
    const options: ListOptions = {
      limit, labels, ...(flow !== undefined && { flowId: flow }), ...(status !== undefined && { status: readStatuses(status) }), ...(parent !== undefined && { parent }), ...(order && { order }),
    };
    const { records, next } = await withCursor(cursor, () => listExecutions(reader, options, cursor));
    return { body: { items: records.map(record => toSummary(record)), next } };
  },

  async getExecution({ params, query }, context) {
    const record = await requireExecution(context, params.id, query.generation);
    const details = await readDetails(context.reader, await context.plans.load(context.reader, record.digest), record, { items: query.items });
    return { body: details, ...(query.generation !== undefined && record.settledAt !== null && { immutable: true }) };
  },

  async getProgress({ params }, context) {
    const record = await requireExecution(context, params.id);
    return { body: await readProgress(context.reader, await context.plans.load(context.reader, record.digest), record, context.clock.now()) };
  },

  async listTransitions(asked, context) {
    const { limit = defaultLimit, cursor, generation } = asked.query;
    const record = await requireExecution(context, asked.params.id, generation);
    return tellPage(asked, await readTransitions(context, record, limit, readNumber(cursor) ?? 0), page => page);
  },

  async listArtifacts({ params, query }, context) {
    const { versions, limit = defaultLimit, cursor } = query;
    await requireExecution(context, params.id);
    const after = cursor === undefined ? undefined : readArtifactPlace(cursor);
    const found = await requireArtifacts(context.reader).list({ executionId: params.id, limit: limit + 1, ...(versions && { versions }), ...(after && { after }) });
    return { body: cutPage(found.map(toArtifactInfo), limit, ({ name, version }) => `${version}.${name}`) };
  },

  async readArtifact(asked, context) {
    await requireExecution(context, asked.params.id);
    return { response: await answerArtifact(context.reader, asked) };
  },

  async listInteractions({ params, query }, context) {
    const { step, limit = defaultLimit, cursor } = query;
    await requireExecution(context, params.id);
    const after = readNumber(cursor);
    const found = await listInteractions(context.reader, params.id, { limit: limit + 1, ...(step !== undefined && { stepId: step }), ...(after !== undefined && { after }) });
    return { body: { ...cutPage(found, limit, ({ number }) => String(number)), totals: await sumInteractions(context.reader, params.id) } };
  },

  async getConsolidated({ params }, { reader }) {
    const wanted = readSessionId(params.sessionId);
    const found = wanted && (await findConsolidated(reader, wanted.executionId, wanted.generation));
    if (!found) throw new FlowError('consolidated_not_found', `Expected the id of a consolidated session, as \`consolidatedSessionId\` of an execution has it, got ${describeValue(params.sessionId)}`);
    return { body: await loadSession(reader, found.execution, found.row), immutable: true };
  },
};
