import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import type { ConnectionState, FlowstoneClient } from '../client/client-api.ts';
import type { ExecutionDetails } from '../kinds/flows/execution-api.ts';
import type { ListPageOptions, ExecutionPage } from '../runtime/client-api.ts';
import type { ExecutionView } from '../runtime/execution-topic.ts';
import type { Live } from './live-store.ts';
import { LiveStore } from './live-store.ts';

/** The client that the hooks below it use: `<FlowstoneContext value={connect(url, { token })}>`. */
export const FlowstoneContext = createContext<FlowstoneClient | null>(null);

/** The client of the context. @throws when there is none */
export function useFlowstone(): FlowstoneClient {
  const client = useContext(FlowstoneContext);
  if (client) return client;
  throw new TypeError('Expected a `FlowstoneContext` with a client above this component');
}

/** Where the connection stands: `open`, `waiting`, `refused` … */
export function useConnection(): ConnectionState {
  const { connection } = useFlowstone();
  return useSyncExternalStore(listener => connection.subscribe(listener), () => connection.state, () => connection.state);
}

/** An execution with its steps, as it stands now. */
export function useExecution(executionId: string): Live<ExecutionDetails> {
  const client = useFlowstone();
  const store = useMemo(() => new LiveStore<ExecutionDetails>({
    follow: signal => client.follow(`execution:${executionId}`, { signal }),
    // Long values are cut in what is told.
    take: data => (JSON.stringify(data).includes('"$cut"') ? undefined : (data as ExecutionView).execution),
    read: () => client.get(executionId),
  }), [client, executionId]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);
}

export type UseExecutionsOptions = Pick<ListPageOptions, 'flowId' | 'labels' | 'status' | 'limit'>;

/** The newest executions, at most `limit`, default 100; of a flow, with labels, in states. */
export function useExecutions(options: UseExecutionsOptions = {}): Live<ExecutionPage['executions']> {
  const client = useFlowstone();
  // Callers write the options anew each time.
  const key = JSON.stringify(options);
  const store = useMemo(() => {
    const { limit, ...wanted } = JSON.parse(key) as UseExecutionsOptions;
    const query = new URLSearchParams([
      ...(wanted.flowId === undefined ? [] : [['flow', wanted.flowId]]), ...(wanted.status === undefined ? [] : [['status', wanted.status.join(',')]]),
      ...Object.entries(wanted.labels ?? {}).map(([name, value]) => [`label.${name}`, value]),
    ] as [string, string][]).toString();
    return new LiveStore<ExecutionPage['executions']>({
      follow: signal => client.follow(`executions${query === '' ? '' : `?${query}`}`, { signal }),
      take: data => (limit === undefined ? (data as ExecutionPage).executions : undefined),
      read: async () => (await client.list({ ...wanted, ...(limit !== undefined && { limit }) })).executions,
    });
  }, [client, key]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);
}
