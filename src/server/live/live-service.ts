import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import { toSummary } from '../../kinds/flows/queries.ts';
import { readActorView } from '../../kinds/actors/read-actor-view.ts';
import { readQueueStats } from '../../kinds/queues/queue-stats.ts';
import { debugTopics } from '../../owner/debug-methods.ts';
import { liveTopics } from '../../owner/live-topics.ts';
import type { Attached, Following, Outlet, Service, ServedTopic, Told, Topic } from '../../owner/method.ts';
import { serveTopics } from '../../owner/method.ts';
import type { ExecutionSource } from '../../runtime/execution-topic.ts';
import { followExecution } from '../../runtime/execution-topic.ts';
import type { ServerContext } from '../part.ts';
import { followLive } from './follow-live.ts';
import { followHealth } from './live-health.ts';
import { defaultMaxInterruptions, inspectStore } from './inspected-store.ts';
import type { LiveFeed } from './live-feed.ts';
import type { LiveFilter } from './live-filter.ts';
import { filterExecutions, filterInstance, filterTopics } from './live-filter.ts';
import { passOn } from './pass-on.ts';
import { given, StoreReads } from './store-reads.ts';
import { serveTested } from './tested-paths.ts';

/** Newest events of an actor that its snapshot has. */
const maxActorEvents = 100;

interface Plan {
  readonly filter: LiveFilter;
  readonly read?: () => Promise<unknown>;
}

/** What a connection to a server can ask for, and follow. */
export function createLiveService({ reader, client, service, clock }: ServerContext, feed: LiveFeed, countConnections: () => number): Service {
  const reads = new StoreReads(reader);
  const attach = <Params>(topic: Topic<Params>, plan: (params: Params) => Plan): ServedTopic => ({
    topic: topic as Topic,
    follow: neverFollowed,
    attach: (params: unknown, after: string | undefined, outlet: Outlet): Attached => {
      const { filter, read } = plan(params as Params);
      return feed.attach(filter, after, outlet, read);
    },
  });
  const source: ExecutionSource = {
    // Nothing stands still here when the owner is elsewhere: whoever debugs asks that.
    store: reader, maxInterruptions: defaultMaxInterruptions, loadPlan: record => reads.loadPlan(record), toSummary: record => toSummary(record), getHeld: () => undefined, watchHeld: () => () => {},
    ...service?.executions,
    follow: options => followLive(feed, options),
  };
  const health = serveTopics({ health: liveTopics.health }, {
    health: (_, following: Following) => followHealth(reader, countConnections, clock, following),
  });
  const passedOn = service ? undefined : passOn(reads, client);
  const inspected = service ? undefined : inspectStore(reader, reads, { client, clock });
  return {
    methods: { ...(service?.methods ?? { ...passedOn?.methods, ...inspected }), ...serveTested(reader) },
    topics: {
      ...service?.topics,
      ...passedOn?.topics,
      ...serveTopics({ execution: debugTopics.execution }, { execution: (params, following) => followExecution(source, params, following) }),
      ...health,
      feed: attach(liveTopics.feed, ({ topics }) => ({ filter: filterTopics(topics) })),
      executions: attach(liveTopics.executions, ({ flowId, labels, status }) => ({ filter: filterExecutions({ flowId, labels }), read: () => reads.list(given({ flowId, labels, status })) })),
      queue: attach(liveTopics.queue, ({ queue }) => ({
        filter: filterInstance('queue', queue), read: async () => (await readQueueStats(reader, [queue], clock.now())).find(stats => stats.queue === queue) ?? null,
      })),
      actor: attach(liveTopics.actor, ({ actorId }) => ({
        filter: filterInstance('actor', actorId),
        read: async () => {
          const view = await readActorView(reader, actorId, maxActorEvents);
          if (view) return view;
          throw new FlowError('actor_not_found', `Expected the id of an actor, got ${describeValue(actorId)}, which is not in the store`);
        },
      })),
    },
  };
}

/** What is attached is not iterated. */
async function* neverFollowed(): AsyncGenerator<Told> {}
