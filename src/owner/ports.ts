import type { Port } from './port-carrier.ts';

/** A `MessagePort` as browsers and `worker_threads` have it, as far as it is used. */
export interface WebPort {
  postMessage(text: string): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  start(): void;
  close(): void;
}

/** A port of a browser or of `worker_threads`. */
export function fromWebPort(port: WebPort): Port {
  return {
    post: text => port.postMessage(text),
    listen: taker => {
      port.addEventListener('message', ({ data }) => taker.text(data));
      port.addEventListener('close', () => taker.closed());
      port.start();
    },
    close: () => port.close(),
  };
}

/** Electron's `MessagePortMain`, as far as it is used: it gives `{ data }`, and waits for `start`. */
export interface ElectronPort {
  postMessage(text: string): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

/** A port of Electron's main or utility process. */
export function fromElectronPort(port: ElectronPort): Port {
  return {
    post: text => port.postMessage(text),
    listen: taker => {
      port.on('message', ({ data }) => taker.text(data));
      port.on('close', () => taker.closed());
      port.start();
    },
    close: () => port.close(),
  };
}
