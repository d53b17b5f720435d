import type { FlowstoneClient, RuntimeProcessView } from './client.ts';
import { useEffect, useSyncExternalStore, useState } from 'react';

/** An order as a row shows it. */
export interface OrderRow {
  readonly executionId: string;
  readonly status: string;
  readonly what: string;
  readonly steps: readonly { readonly id: string; readonly status: string }[];
}

/** Where the connection stands; also while the runtime's process is begun again. */
export const useConnection = ({ connection }: FlowstoneClient): RuntimeProcessView =>
  useSyncExternalStore(connection.subscribe, () => connection.state);

/** The newest orders, kept up to date by the feed: whatever becomes of the process, each change comes once. */
export function useOrders(client: FlowstoneClient): { readonly orders: readonly OrderRow[]; readonly failure: string | undefined } {
  const [orders, setOrders] = useState<readonly OrderRow[]>([]);
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    const ending = new AbortController();
    const read = async (): Promise<void> => {
      const { executions } = await client.list({ flowId: 'order', limit: 20 });
      const rows = await Promise.all(executions.map(async ({ executionId }) => {
        const { status, steps, labels } = await client.get(executionId);
        return { executionId, status, what: labels?.['what'] ?? '', steps: steps.map(({ stepId, status: state }) => ({ id: stepId, status: state })) };
      }));
      if (!ending.signal.aborted) setOrders(rows);
    };
    const follow = async (): Promise<void> => {
      // The first page comes at once, and says where the feed begins: what is read after it misses nothing.
      for await (const _ of client.feed({ signal: ending.signal })) await read();
    };
    follow().catch((error: unknown) => setFailure(String(error)));
    return () => ending.abort();
  }, [client]);
  return { orders, failure };
}
