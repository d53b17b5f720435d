import type { FeedEntry } from '../../engine/feed/feed-entry.ts';
import type { ExecutionCondition } from '../../runtime/execution-facts.ts';

/** What a subscription is about. */
export interface LiveFilter {
  /** By which those that are about the same find together. */
  readonly key: string;
  /** Kinds of which everything is told. */
  readonly kinds: ReadonlySet<string>;
  /** Instances of which everything is told, `<kind>:<id>`. */
  readonly instances: ReadonlySet<string>;
  /** Everything is told. */
  readonly isAll: boolean;
  /** Of executions: only these. */
  readonly condition?: ExecutionCondition | undefined;
}

const none: ReadonlySet<string> = new Set();
const everything: LiveFilter = { key: '*', kinds: none, instances: none, isAll: true };

const byTopic = new Map([['flow', 'flow'], ['actor', 'actor'], ['queue', 'queue'], ['flows', 'flow'], ['actors', 'actor'], ['queues', 'queue']]);

/** Makes a filter of topics of `runtime.feed`, which have been checked. */
export function filterTopics(topics: readonly string[] | undefined): LiveFilter {
  if (topics === undefined) return everything;
  const kinds = new Set<string>();
  const instances = new Set<string>();
  for (const topic of topics) {
    const colon = topic.indexOf(':');
    const [name, id] = colon < 0 ? [topic, undefined] : [topic.slice(0, colon), topic.slice(colon + 1)];
    if (name !== 'kind') {
      const kind = byTopic.get(name) ?? name;
      if (id === undefined) kinds.add(kind);
      else instances.add(`${kind}:${id}`);
    } else if (id?.includes('/')) instances.add(id.replace('/', ':'));
    else if (id !== undefined) kinds.add(id);
  }
  return { key: `topics ${JSON.stringify([[...kinds].toSorted(), [...instances].toSorted()])}`, kinds, instances, isAll: false };
}

/** Everything of one instance. */
export const filterInstance = (kind: string, id: string): LiveFilter => ({ key: `one ${kind}:${id}`, kinds: none, instances: new Set([`${kind}:${id}`]), isAll: false });

/** Everything of the executions that are meant. */
export function filterExecutions({ flowId, labels }: ExecutionCondition): LiveFilter {
  const pairs = Object.entries(labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const condition = flowId !== undefined || pairs.length > 0 ? { flowId, labels: Object.fromEntries(pairs) } : undefined;
  return { key: `executions ${JSON.stringify([flowId ?? null, pairs])}`, kinds: new Set(['flow']), instances: none, isAll: false, condition };
}

/** Whether a filter lets an entry through; `meets` decides of an execution. */
export function passes(filter: LiveFilter, { kind, id }: Pick<FeedEntry, 'kind' | 'id'>, meets: (condition: ExecutionCondition, executionId: string) => boolean): boolean {
  if (filter.condition) return kind === 'flow' && meets(filter.condition, id);
  return filter.isAll || filter.kinds.has(kind) || filter.instances.has(`${kind}:${id}`);
}
