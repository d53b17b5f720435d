import { connect } from '../../client/connect.ts';
import type { FlowstoneClient } from '../../client/client-api.ts';
import { connectWindow } from '../../desktop/connect-window.ts';
import type { WindowBridge } from '../../desktop/window-port.ts';
import { enter } from './enter.ts';

/** The way from the page to whoever runs executions. */
export interface Found {
  readonly client: FlowstoneClient;
  /** Why nothing may be changed over it, should that be so; null: nobody has said. */
  readonly why: string | null;
  /** Where XState's inspectors are spoken; undefined: nowhere. */
  readonly xstate?: string | undefined;
}

/** By the port of the app whose window the page is in, else to the server that it came from. Undefined: it has no right to anything there. */
export async function findClient(): Promise<Found | undefined> {
  const { flowstone: bridge } = globalThis as { readonly flowstone?: WindowBridge };
  if (bridge) return { client: connectWindow(bridge), why: 'The app lets this window look only' };
  const entry = await enter();
  return entry && { client: connect(location.origin, { token: entry.token }), why: entry.control.why, xstate: entry.xstate };
}
