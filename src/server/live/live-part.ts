import type { Service } from '../../owner/method.ts';
import { serveTopics } from '../../owner/method.ts';
import { topics } from '../../owner/queue-methods.ts';
import { followFeed } from '../../runtime/serve-runtime.ts';
import type { CreatePart, ServerContext } from '../part.ts';
import { LiveConnections } from './live-connections.ts';
import { passOn } from './pass-on.ts';
import { StoreReads } from './store-reads.ts';

/** WebSockets at which the protocol is spoken. */
export const createLivePart: CreatePart = context => {
  const connections = new LiveConnections(context, createService(context));
  return {
    upgrades: [{ path: '/api/v1/live', handle: (request, socket, head) => connections.upgrade(request, socket, head) }],
    close: () => connections.close(),
  };
};

function createService({ reader, client, service, feed }: ServerContext): Service {
  if (service) return service;
  return {
    methods: passOn(new StoreReads(reader), client),
    topics: serveTopics({ feed: topics.feed }, { feed: (options, following) => followFeed(feed, options.topics, following) }),
  };
}
