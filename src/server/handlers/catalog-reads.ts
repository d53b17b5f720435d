import { readStats } from '../../catalog/read-stats.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { toSummary } from '../../kinds/flows/queries.ts';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { ReadContext, ReadHandlers } from './handler.ts';
import { cutPage, defaultLimit } from './pages.ts';

/** A flow that can be started: as its program brings it, else as it was taken over. */
export interface KnownFlow {
  readonly definition: FlowDefinition;
  readonly digest: string;
  readonly flowType: FlowPlan['flowType'];
  /** Null: its program brings it. */
  readonly syncedAt: number | null;
}

const ownPlans = new WeakMap<FlowDefinition, FlowPlan>();

function compileOwn(definition: FlowDefinition): FlowPlan {
  let plan = ownPlans.get(definition);
  if (!plan) ownPlans.set(definition, (plan = compileFlow(definition)));
  return plan;
}

/** Flows by id, those above `after`. */
export async function listKnownFlows({ reader, plans, listOwnFlows }: ReadContext, after = '', limit = Number.POSITIVE_INFINITY): Promise<KnownFlow[]> {
  const known = new Map<string, KnownFlow>();
  for (let last = after; known.size < limit; ) {
    const page = (await reader.catalog?.listFlows(last, defaultLimit)) ?? [];
    for (const { flowId, digest, syncedAt } of page) {
      const { definition, flowType } = await plans.load(reader, digest);
      known.set(flowId, { definition, digest, flowType, syncedAt });
    }
    last = page.at(-1)?.flowId ?? last;
    if (page.length < defaultLimit) break;
  }
  for (const own of listOwnFlows()) {
    if (own.id <= after) continue;
    const { definition, digest, flowType } = compileOwn(own);
    known.set(own.id, { definition, digest, flowType, syncedAt: known.get(own.id)?.syncedAt ?? null });
  }
  return [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit).map(([, flow]) => flow);
}

/** @throws a `FlowError` with code `flow_unknown` */
export async function requireFlow(context: ReadContext, flowId: string): Promise<KnownFlow> {
  const { reader, plans, listOwnFlows } = context;
  const own = listOwnFlows().find(({ id }) => id === flowId);
  const stored = await reader.catalog?.getFlow(flowId);
  if (own) {
    const { definition, digest, flowType } = compileOwn(own);
    return { definition, digest, flowType, syncedAt: stored?.syncedAt ?? null };
  }
  if (!stored) throw new FlowError('flow_unknown', `Expected the id of a flow, got ${describeValue(flowId)}. GET /api/v1/flows lists them`);
  const { definition, flowType } = await plans.load(reader, stored.digest);
  return { definition, digest: stored.digest, flowType, syncedAt: stored.syncedAt };
}

/** Executions of a flow, the newest first. */
export const listNewest = async ({ reader }: Pick<ReadContext, 'reader'>, flowId: string, limit: number): Promise<ExecutionRecord[]> => reader.listExecutions({ flowId, limit });

const toStatsOptions = ({ by, flow, limit }: { readonly by?: string | undefined; readonly flow?: string | undefined; readonly limit?: number | undefined }): Parameters<typeof readStats>[1] =>
  ({ ...(by !== undefined && { by }), ...(flow !== undefined && { flowId: flow }), ...(limit !== undefined && { limit }) });

export const catalogReads: Pick<ReadHandlers, 'listFlows' | 'getDefinition' | 'listStats' | 'listAgents' | 'listAgentPerformance'> = {
  async listFlows({ query }, context) {
    const { limit = defaultLimit, cursor } = query;
    const { items, next } = cutPage(await listKnownFlows(context, cursor, limit + 1), limit, ({ definition }) => definition.id);
    const listed = await Promise.all(items.map(async ({ definition: { id, version, description = null, steps }, digest, flowType, syncedAt }) => {
      const [last] = await listNewest(context, id, 1);
      return { flowId: id, version, digest, description, flowType, steps: steps.length, syncedAt, last: last ? toSummary(last) : null };
    }));
    return { body: { items: listed, next } };
  },

  async getDefinition({ params }, context) {
    const { definition, digest } = await requireFlow(context, params.flowId);
    return { body: { flowId: definition.id, version: definition.version, digest, definition } };
  },

  async listStats({ query }, { reader }) {
    return { body: { items: await readStats(reader, toStatsOptions(query)) } };
  },

  async listAgents(_asked, { reader }) {
    return { body: { agents: (await readStats(reader)).map(({ group }) => group).filter(group => group !== '(none)').toSorted() } };
  },

  async listAgentPerformance({ query }, { reader }) {
    return { body: (await readStats(reader, toStatsOptions(query))).map(stats => ({ agent_type: stats.group, ...stats })) };
  },
};
