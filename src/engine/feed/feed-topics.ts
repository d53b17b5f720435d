import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { FeedEntry } from './feed-entry.ts';

/** By the singular and, for all of a kind, by the plural. */
const kinds = new Map<string, FeedEntry['kind']>(['flow', 'actor', 'queue'].flatMap(kind => [[kind, kind], [`${kind}s`, kind]]));
const forms = '`flows`, `actors`, `queues`, `flow:ID`, `actor:ID`, `queue:NAME`, `kind:NAME`, `kind:NAME/ID`';

/**
 * Makes a filter of topics; without any, everything passes.
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function toFilter(topics: readonly string[] | undefined): (entry: Pick<FeedEntry, 'kind' | 'id'>) => boolean {
  if (topics === undefined) return () => true;
  if (!Array.isArray(topics) || topics.length === 0) throw new FlowError('option_invalid', `Expected \`topics\` to be a list of ${forms}, got ${describeValue(topics)}`);
  const all = new Set<string>();
  const single = new Set<string>();
  for (const topic of topics) {
    const [, name = '', id] = (typeof topic === 'string' && /^([a-z]+)(?::(.+))?$/s.exec(topic)) || [];
    if (name === 'kind' && id !== undefined) {
      if (id.includes('/')) single.add(id.replace('/', ':'));
      else all.add(id);
      continue;
    }
    const kind = kinds.get(name);
    if (!kind || (id === undefined) !== name.endsWith('s')) throw new FlowError('option_invalid', `Expected a topic to be one of ${forms}, got ${describeValue(topic)}`);
    if (id === undefined) all.add(kind);
    else single.add(`${kind}:${id}`);
  }
  return entry => all.has(entry.kind) || single.has(`${entry.kind}:${entry.id}`);
}
