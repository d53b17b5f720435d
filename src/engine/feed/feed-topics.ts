import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { FeedEntry } from './feed-entry.ts';

/** By the singular and, for all of a kind, by the plural. */
const kinds = new Map<string, FeedEntry['kind']>(['flow', 'actor', 'queue'].flatMap(kind => [[kind, kind], [`${kind}s`, kind]]));
const forms = '`flows`, `actors`, `queues`, `flow:ID`, `actor:ID`, `queue:NAME`, `kind:NAME`, `kind:NAME/ID`';

/** What topics name. */
export interface NamedTopics {
  /** Kinds of which everything is meant. */
  readonly kinds: ReadonlySet<string>;
  /** `<kind>:<id>`. */
  readonly instances: ReadonlySet<string>;
}

/**
 * Reads topics.
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function readTopics(topics: readonly string[]): NamedTopics {
  if (!Array.isArray(topics) || topics.length === 0) throw new FlowError('option_invalid', `Expected \`topics\` to be a list of ${forms}, got ${describeValue(topics)}`);
  const named = { kinds: new Set<string>(), instances: new Set<string>() };
  for (const topic of topics) {
    const [, name = '', id] = (typeof topic === 'string' && /^([a-z]+)(?::(.+))?$/s.exec(topic)) || [];
    if (name === 'kind' && id !== undefined) {
      if (id.includes('/')) named.instances.add(id.replace('/', ':'));
      else named.kinds.add(id);
      continue;
    }
    const kind = kinds.get(name);
    if (!kind || (id === undefined) !== name.endsWith('s')) throw new FlowError('option_invalid', `Expected a topic to be one of ${forms}, got ${describeValue(topic)}`);
    if (id === undefined) named.kinds.add(kind);
    else named.instances.add(`${kind}:${id}`);
  }
  return named;
}

/**
 * Makes a filter of topics; without any, everything passes.
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function toFilter(topics: readonly string[] | undefined): (entry: Pick<FeedEntry, 'kind' | 'id'>) => boolean {
  if (topics === undefined) return () => true;
  const named = readTopics(topics);
  return entry => named.kinds.has(entry.kind) || named.instances.has(`${entry.kind}:${entry.id}`);
}
