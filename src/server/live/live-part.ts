import { repeat } from '../../core/clock.ts';
import type { CreatePart } from '../part.ts';
import { ExecutionFacts } from '../../runtime/execution-facts.ts';
import { streamFeed } from './feed-stream.ts';
import { LiveConnections } from './live-connections.ts';
import { LiveFeed } from './live-feed.ts';
import { createLiveService } from './live-service.ts';

/** WebSockets at which the protocol is spoken, and the feed as Server-Sent Events: both read one feed. */
export const createLivePart: CreatePart = context => {
  const feed = new LiveFeed(context.feed, new ExecutionFacts(context.reader));
  const connections: LiveConnections = new LiveConnections(context, createLiveService(context, feed, () => connections.size));
  const { counters } = feed;
  const { metrics } = context;
  metrics.gauge('live_connections', 'Clients that are connected over WebSockets.', () => connections.size);
  metrics.gauge('live_subscriptions', 'Topics that they, and readers of Server-Sent Events, follow.', () => counters.subscriptions);
  metrics.gauge('live_messages', 'Messages sent to subscriptions since the server began.', () => counters.frames);
  metrics.gauge('live_entries', 'Entries of the feed in these messages.', () => counters.events);
  metrics.gauge('live_resets', 'Subscriptions that had to begin anew: what followed their cursor is not there any more.', () => counters.resets);
  return {
    routes: [{ method: 'GET', path: '/api/v1/feed', scope: 'read', handle: (request, asker) => streamFeed(feed, request, asker, repeat) }],
    upgrades: [{ path: '/api/v1/live', handle: (request, socket, head) => connections.upgrade(request, socket, head) }],
    async close() {
      await connections.close();
      feed.close();
    },
  };
};
