import { repeat } from '../core/clock.ts';
import type { ChanneledProcess } from '../owner/line-channels.ts';
import { fromProcess, fromStreams } from '../owner/line-channels.ts';
import type { Port } from '../owner/port-carrier.ts';
import type { LineChannel } from '../owner/port-switch.ts';
import { PortSwitch } from '../owner/port-switch.ts';
import type { ElectronPort } from '../owner/ports.ts';
import { fromElectronPort } from '../owner/ports.ts';
import type { HostMessage, ParentMessage } from './host-messages.ts';
import { isMessage } from './host-messages.ts';

/** Electron's `process.parentPort`, as far as it is used. */
export interface ElectronParent {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown; readonly ports: readonly ElectronPort[] }) => void): unknown;
}

/** Whoever keeps the windows, seen from the process that keeps the runtime. */
export interface Parent {
  tell(message: HostMessage): void;
  listen(taker: { message(message: ParentMessage, port: Port | undefined): void; gone(): void }): void;
}

/** Time between two looks whether the parent is still there, ms. */
const lookMs = 1_000;

/** Finds the parent: Electron's main process, one that has forked this one, or one at the other end of the standard streams. */
export function findParent(): Parent {
  const { parentPort } = process as { readonly parentPort?: ElectronParent };
  if (parentPort) return overElectron(parentPort);
  return overLines(typeof process.send === 'function' ? fromProcess(process as ChanneledProcess) : takeStreams());
}

function overElectron(parentPort: ElectronParent): Parent {
  return {
    tell: message => parentPort.postMessage(message),
    listen: ({ message, gone }) => {
      parentPort.on('message', ({ data, ports: [port] }) => {
        if (isMessage(data)) message(data as ParentMessage, port && fromElectronPort(port));
      });
      watchParent(gone);
    },
  };
}

/** A parent that was killed says nothing: whoever is left has another one then. */
function watchParent(gone: () => void): void {
  const { ppid } = process;
  const unwatch = repeat(() => {
    if (process.ppid === ppid) return;
    unwatch();
    gone();
  }, lookMs);
}

function overLines(channel: LineChannel): Parent {
  let ports: PortSwitch | undefined;
  return {
    tell: message => ports?.control(message),
    listen: ({ message, gone }) => {
      ports = new PortSwitch(channel, said => {
        if (!isMessage(said)) return;
        const told = said as ParentMessage;
        message(told, told.type === 'connect' && told.port !== undefined ? ports?.open(told.port) : undefined);
      }, gone);
    },
  };
}

/** The standard output is the parent's: what a tool prints goes to the error output. */
function takeStreams(): LineChannel {
  const { stdin, stdout, stderr } = process;
  const write = stdout.write.bind(stdout) as (text: string) => boolean;
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
  const { listen, close } = fromStreams(stdin, stdout);
  return { listen, close, send: line => void write(`${line}\n`) };
}
