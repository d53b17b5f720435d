import { setDeadline, systemClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
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
  /**
   * Asks for a port of its own; resolves when the runtime's process has the other end. The port before it is closed, and so is one that
   * was asked for and has not come: whoever waits for that is refused, or never answered.
   */
  open(text: (text: string) => void, closed: () => void): Promise<OpenPort>;
}

/** Longest wait for a port before it is asked for anew, ms: a wish may be lost with whoever was to fulfil it. */
const openMs = 10_000;

/**
 * Opens a connection to the runtime from a page: give it to a client as its `open`. Each call is a connection of its own.
 *
 * @param bridge default: `window.flowstone`, as `exposePort` or the shell has put it there
 * @throws a `FlowError` with code `owner_unreachable` when no port has come within 10 s
 */
export async function openWindow(bridge: WindowBridge = (globalThis as unknown as { readonly flowstone: WindowBridge }).flowstone): Promise<Carrier> {
  let taker: PortTaker | undefined;
  const early: string[] = [];
  let isClosed = false;
  const opened = await waitForPort(bridge.open(text => {
    if (taker) taker.text(text);
    else early.push(text);
  }, () => {
    isClosed = true;
    taker?.closed();
  }));
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

function waitForPort(coming: Promise<OpenPort>): Promise<OpenPort> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const drop = setDeadline(systemClock, openMs, () => {
      isOver = true;
      reject(new FlowError('owner_unreachable', `Expected a port of the app within ${openMs} ms, none has come. It is asked for again`));
    });
    coming.then(port => {
      drop();
      if (isOver) port.close();
      else resolve(port);
    }, (cause: unknown) => {
      drop();
      reject(new FlowError('owner_unreachable', 'Expected a port of the app, it was closed before it was open. It is asked for again', { cause }));
    });
  });
}
