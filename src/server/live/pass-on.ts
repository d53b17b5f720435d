import type { Method, Service, ServedMethod } from '../../owner/method.ts';
import { serveTopics } from '../../owner/method.ts';
import { debugMethods, debugTopics } from '../../owner/debug-methods.ts';
import { flowMethods } from '../../owner/methods.ts';
import { inspectTopics } from '../../owner/inspect-methods.ts';
import { queueMethods, topics as queueTopics } from '../../owner/queue-methods.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import { getConnecting } from '../../runtime/runtime-client.ts';
import type { ListOptions } from '../../kinds/flows/list-executions.ts';
import { OwnerLines } from './owner-lines.ts';
import type { StoreReads } from './store-reads.ts';
import { given } from './store-reads.ts';

const { claim, unclaim, answer, ...otherQueueMethods } = queueMethods;
/** Of a connection: what was claimed, and what stands still for somebody, is let go when that ends. */
const ownMethods: { readonly [name: string]: Method } = { claim, unclaim, answer, ...debugMethods } as { readonly [name: string]: Method };
const sharedMethods = Object.entries({ ...flowMethods, ...otherQueueMethods } as { readonly [name: string]: Method }).filter(([, { scope }]) => scope !== 'read');

/** What can be asked where another process owns the store: reads are answered here, the rest by the owner, with the key of the client. */
export function passOn(reads: StoreReads, client: RuntimeClient | undefined): Service {
  const { get, list, stats } = flowMethods;
  const methods: { [name: string]: ServedMethod } = {
    get: { method: get as Method, perform: params => reads.get(...toGet(params as GetParams)) },
    list: { method: list as Method, perform: params => reads.list(...toList(params as ListParams)) },
    stats: { method: stats as Method, perform: params => reads.stats(given(params as object)) },
  };
  if (!client) return { methods, topics: {} };
  const owner = getConnecting(client);
  const lines = new OwnerLines(owner);
  for (const [name, method] of sharedMethods) methods[name] = { method, perform: (params, { key }) => owner.request(name, toParams(params), key) };
  for (const [name, method] of Object.entries(ownMethods)) methods[name] = { method, perform: (params, { peer, key, again }) => lines.request(peer, name, toParams(params), key, again) };
  const { held } = debugTopics;
  const { messages } = queueTopics;
  const { logs } = inspectTopics;
  return {
    methods,
    topics: serveTopics({ held, messages, logs }, {
      held: (params, following) => lines.follow('held', params, following),
      messages: (params, following) => lines.follow('messages', params, following),
      logs: (params, following) => lines.follow('logs', params, following),
    }),
  };
}

type GetParams = { readonly executionId: string; readonly generation?: number; readonly items?: boolean };
type ListParams = ListOptions & { readonly after?: string };
const toGet = ({ executionId, ...options }: GetParams): Parameters<StoreReads['get']> => [executionId, options];
const toList = ({ after, ...options }: ListParams): Parameters<StoreReads['list']> => [given(options) as ListOptions, after];
const toParams = (params: unknown): Record<string, unknown> => given(params as object) as Record<string, unknown>;
