import { useEffect } from 'preact/hooks';
import { executions, flows, listNewest, type StartableFlow } from './execution-list.ts';
import { wire } from './stepping.ts';

/** Has the names of flows read, of those that can be started and those that ran last. */
export function useFlowIds(): void {
  const connection = wire.value;
  const isConnected = connection?.state.value === 'connected';
  useEffect(() => {
    if (!connection || !isConnected) return;
    connection.request('flows').then(list => void (flows.value = list as StartableFlow[])).catch(() => {});
    if (executions.value.length === 0) listNewest(connection).catch(() => {});
  }, [connection, isConnected]);
}
