import type { Feed } from '../engine/feed/feed.ts';
import type { Following, Told } from '../owner/method.ts';
import type { ExecutionCondition, ExecutionFacts } from './execution-facts.ts';

interface FollowedExecutions {
  readonly feed: Feed;
  readonly facts: ExecutionFacts;
  /** How they stand: the newest of those that are meant. */
  readonly list: () => Promise<unknown>;
}

/** Tells how executions stand, then what happens to them. They are read when their place in the feed is known: they are never older. */
export async function* followExecutions({ feed, facts, list }: FollowedExecutions, condition: ExecutionCondition, { after, signal }: Following): AsyncGenerator<Told> {
  // What comes after a cursor follows at once.
  if (after !== undefined) yield { type: 'snapshot', cursor: after };
  let isFirst = after === undefined;
  for await (const { cursor, reset, entries } of feed.follow({ signal, topics: ['flows'], ...(after !== undefined && { after }) })) {
    if (isFirst || reset) {
      isFirst = false;
      yield { type: 'snapshot', cursor, data: await list(), ...(reset && { reset }) };
      continue;
    }
    await facts.learn(entries);
    const meant = entries.filter(({ id }) => facts.meets(condition, id));
    if (meant.length > 0) yield { type: 'commit', cursor, entries: meant };
  }
}
