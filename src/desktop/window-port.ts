import type { Carrier } from '../owner/carrier.ts';
import type { Port, PortTaker } from '../owner/port-carrier.ts';
import { PortCarrier } from '../owner/port-carrier.ts';

/** What a page is given of its port: functions only, since ports cannot cross into a page. */
export interface OpenPort {
  post(text: string): void;
  close(): void;
}

/** What a page finds as `window.flowstone`, in every shell. */
export interface WindowBridge {
  /** Asks for a port of its own; resolves when the runtime's process has the other end. The port before it is closed. */
  open(text: (text: string) => void, closed: () => void): Promise<OpenPort>;
}

/**
 * Opens a connection to the runtime from a page: give it to a client as its `open`. Each call is a connection of its own.
 *
 * @param bridge default: `window.flowstone`, as `exposePort` or the shell has put it there
 */
export async function openWindow(bridge: WindowBridge = (globalThis as unknown as { readonly flowstone: WindowBridge }).flowstone): Promise<Carrier> {
  let taker: PortTaker | undefined;
  const early: string[] = [];
  let isClosed = false;
  const opened = await bridge.open(text => {
    if (taker) taker.text(text);
    else early.push(text);
  }, () => {
    isClosed = true;
    taker?.closed();
  });
  const port: Port = {
    post: text => opened.post(text),
    listen: given => {
      taker = given;
      for (const text of early.splice(0)) given.text(text);
      if (isClosed) given.closed();
    },
    close: () => opened.close(),
  };
  return new PortCarrier(port, 'the app');
}
