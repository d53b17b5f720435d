import { z } from 'zod';
import { defineTopic } from './method.ts';
import { topics } from './queue-methods.ts';

const labels = z.record(z.string().max(200), z.string().max(200));
const status = z.enum(['pending', 'stepping', 'consolidating', 'scored', 'failed']);
const id = z.string().min(1).max(500);

/** How a server stands. */
export interface LiveHealth {
  /** Whoever owns the database; null: nobody does now. */
  readonly owner: { readonly pid: number; readonly hostname: string; readonly startedAt: number } | null;
  /** Connections of clients to this server. */
  readonly connections: number;
}

/** What a server tells beside `execution`. Entries are those of `feed`; how it stands may be newer than the cursor beside it, never older. */
export const liveTopics = {
  feed: topics.feed,
  executions: defineTopic({
    scope: 'read', redacts: true, about: 'Executions. The snapshot has the newest 100, as `list` gives them.',
    params: z.strictObject({
      flowId: z.string().max(500).optional(),
      labels: labels.optional().describe('those that have all of these'),
      status: z.array(status).max(5).optional().describe('of the snapshot'),
    }),
  }),
  queue: defineTopic({
    scope: 'read', about: 'One queue. The snapshot has how many messages it has, by what became of them.',
    params: z.strictObject({ queue: id }),
  }),
  actor: defineTopic({
    scope: 'read', redacts: true, about: 'One actor. The snapshot has its state, and that of those below it.',
    params: z.strictObject({ actorId: id }),
  }),
  health: defineTopic({
    scope: 'read', about: 'Who owns the database, and how many are connected. Has no places: each connection begins with a snapshot, and a `commit` has what changed.',
    params: z.strictObject({}),
  }),
};
