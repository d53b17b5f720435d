import type { FeedEntry } from '../../engine/feed/feed-entry.ts';
import { readTopics } from '../../engine/feed/feed-topics.ts';
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

/**
 * Makes a filter of topics, as of `runtime.feed`.
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function filterTopics(topics: readonly string[] | undefined): LiveFilter {
  if (topics === undefined) return everything;
  const { kinds, instances } = readTopics(topics);
  return { key: `topics ${[...kinds].toSorted().join('\n')}\n\n${[...instances].toSorted().join('\n')}`, kinds, instances, isAll: false };
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
