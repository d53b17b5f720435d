import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { FeedEntry } from './feed-entry.ts';

const kinds: Readonly<Record<string, FeedEntry['kind']>> = { flows: 'flow', actors: 'actor', queues: 'queue', flow: 'flow', actor: 'actor', queue: 'queue' };
const forms = '`flows`, `actors`, `queues`, `flow:ID`, `actor:ID`, `queue:NAME`';

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
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind || (id === undefined) !== name.endsWith('s')) throw new FlowError('option_invalid', `Expected a topic to be one of ${forms}, got ${describeValue(topic)}`);
    if (id === undefined) all.add(kind);
    else single.add(`${kind}:${id}`);
  }
  return entry => all.has(entry.kind) || single.has(`${entry.kind}:${entry.id}`);
}
