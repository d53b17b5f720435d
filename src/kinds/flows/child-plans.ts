import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { FlowDigests } from '../../kernel/tree.ts';
import { readStored } from '../../core/stored-value.ts';

/** A flow and all that it starts, the flow itself first. */
export function collectPlans(plan: FlowPlan, registry: PlanRegistry): readonly FlowPlan[] {
  const found = new Map([[plan.definition.id, plan]]);
  // The map grows while it is walked: flows started by flows are found too.
  for (const { flows } of found.values()) {
    for (const id of flows) {
      const next = registry.findChild(id);
      if (next && !found.has(id)) found.set(id, next);
    }
  }
  return [...found.values()];
}

/** What is stored with an execution of the flows below it; undefined: it starts none. */
export function collectDigests(plan: FlowPlan, registry: PlanRegistry): FlowDigests | undefined {
  if (plan.flows.length === 0) return undefined;
  const [, ...below] = collectPlans(plan, registry);
  return Object.fromEntries(below.map(({ definition, digest }) => [definition.id, digest]));
}

/** Reads what is stored with an execution. */
const readDigests = ({ key, context }: Pick<ExecutionRecord, 'key' | 'context'>): FlowDigests | undefined =>
  context.includes('"flows":') ? readStored<{ readonly flows?: FlowDigests }>('executions.context', key, context).flows : undefined;

/**
 * Makes the flows below a stored execution known where they are not registered: it goes on with what it started with.
 *
 * One that is gone from the store stays missing, and is complained about as such.
 */
export async function adoptPlans(reader: RecordReader, registry: PlanRegistry, record: Pick<ExecutionRecord, 'key' | 'context'>): Promise<void> {
  for (const [flowId, digest] of Object.entries(readDigests(record) ?? {})) {
    if (registry.find(flowId)) continue;
    const found = registry.get(digest) ? true : await reader.getDefinition(digest);
    if (found) registry.adopt(await registry.load(reader, digest));
  }
}
