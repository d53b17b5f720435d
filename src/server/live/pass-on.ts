import type { Method, Service, ServedMethod } from '../../owner/method.ts';
import { debugMethods } from '../../owner/debug-methods.ts';
import { flowMethods } from '../../owner/methods.ts';
import { queueMethods } from '../../owner/queue-methods.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import { getConnecting } from '../../runtime/runtime-client.ts';
import type { ListOptions } from '../../kinds/flows/list-executions.ts';
import type { StoreReads } from './store-reads.ts';
import { given } from './store-reads.ts';

/** Whoever claims messages has a connection to the owner: claims are the connection's. */
const unpassed: ReadonlySet<string> = new Set(['claim', 'unclaim', 'answer', 'register']);
const changing = Object.entries({ ...flowMethods, ...queueMethods, ...debugMethods } as { readonly [name: string]: Method }).filter(([name, { scope }]) => scope !== 'read' && !unpassed.has(name));

/** What can be asked where another process owns the store: reads are answered here, the rest by the owner, with the key of the client. */
export function passOn(reads: StoreReads, client: RuntimeClient | undefined): Service['methods'] {
  const { get, list, stats } = flowMethods;
  const own: { [name: string]: ServedMethod } = {
    get: { method: get as Method, perform: params => reads.get(...toGet(params as GetParams)) },
    list: { method: list as Method, perform: params => reads.list(...toList(params as ListParams)) },
    stats: { method: stats as Method, perform: params => reads.stats(given(params as object)) },
  };
  if (!client) return own;
  const owner = getConnecting(client);
  for (const [name, method] of changing) {
    own[name] = { method, perform: (params, { key }) => owner.request(name, given(params as object) as Record<string, unknown>, key) };
  }
  return own;
}

type GetParams = { readonly executionId: string; readonly generation?: number; readonly items?: boolean };
type ListParams = ListOptions & { readonly after?: string };
const toGet = ({ executionId, ...options }: GetParams): Parameters<StoreReads['get']> => [executionId, options];
const toList = ({ after, ...options }: ListParams): Parameters<StoreReads['list']> => [given(options) as ListOptions, after];
