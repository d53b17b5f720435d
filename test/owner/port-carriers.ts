import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Carrier } from '../../src/owner/carrier.ts';
import type { ClientSessions } from '../../src/owner/client-sessions.ts';
import type { ChanneledProcess } from '../../src/owner/line-channels.ts';
import { fromProcess, fromStreams } from '../../src/owner/line-channels.ts';
import type { Port } from '../../src/owner/port-carrier.ts';
import { PortCarrier } from '../../src/owner/port-carrier.ts';
import { PortSwitch } from '../../src/owner/port-switch.ts';
import type { ElectronPort, WebPort } from '../../src/owner/ports.ts';
import { fromElectronPort, fromWebPort } from '../../src/owner/ports.ts';
import type { OpenedCarrier } from './carriers.ts';

/** Opens carriers over pairs of ports: `pair` gives a client's end and an owner's. */
function overPorts(sessions: ClientSessions, maxLength: number, pair: () => readonly [Port, Port]): OpenedCarrier {
  const open = (): Port => {
    const [client, owner] = pair();
    sessions.accept(new PortCarrier(owner, 'a port', maxLength));
    return client;
  };
  return {
    maxLength,
    connect: async (): Promise<Carrier> => new PortCarrier(open(), 'a port'),
    async writeRaw(text) {
      const port = open();
      const said: string[] = [];
      const ended = new Promise<void>(resolve => port.listen({
        text: answer => (answer === 'null' ? resolve() : said.push(String(answer))),
        closed: () => resolve(),
      }));
      for (const part of text.split('\n')) if (part !== '') port.post(part);
      return { said: () => said.join('\n'), ended };
    },
    close: async () => {},
  };
}

/** Electron's form of a port, over one of `worker_threads`: `{ data }`, and nothing before `start`. */
export class FakeMessagePortMain extends EventEmitter implements ElectronPort {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
  }

  postMessage(text: string): void {
    this.#port.postMessage(text);
  }

  start(): void {
    this.#port.on('message', (data: unknown) => this.emit('message', { data, ports: [] }));
    this.#port.on('close', () => this.emit('close'));
  }

  close(): void {
    this.#port.close();
  }
}

const web = (port: MessagePort): Port => fromWebPort(port as unknown as WebPort);
const electron = (port: MessagePort): Port => fromElectronPort(new FakeMessagePortMain(port));

interface Relay {
  /** Both ends of a new connection through it, this process's first. */
  pair(): readonly [Port, Port];
}

/** Begun once for all tests: it ends with this process, whose channel it hears closing. */
let worker: Promise<Worker> | undefined;
let relay: Promise<{ readonly channel: PortSwitch; readonly streams: PortSwitch }> | undefined;
let lastPort = 0;

async function beginWorker(): Promise<Worker> {
  const begun = new Worker(join(import.meta.dirname, 'relay-worker.ts'));
  await once(begun, 'online');
  begun.unref();
  return begun;
}

async function throughWorker(toPort: (port: MessagePort) => Port): Promise<Relay> {
  const begun = await (worker ??= beginWorker());
  return {
    pair: () => {
      const [near, far] = [new MessageChannel(), new MessageChannel()];
      begun.postMessage({ one: near.port2, other: far.port2 }, [near.port2, far.port2]);
      return [toPort(near.port1), toPort(far.port1)];
    },
  };
}

async function beginRelay() {
  const child = fork(join(import.meta.dirname, 'relay-process.ts'), { execArgv: ['--conditions=flowstone-source'], stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
  const ready = Promise.withResolvers<void>();
  const channel = new PortSwitch(fromProcess(child as ChanneledProcess), () => ready.resolve(), () => {});
  const streams = new PortSwitch(fromStreams(child.stdout as Readable, child.stdin as Writable), () => {}, () => {});
  await ready.promise;
  child.unref();
  return { channel, streams };
}

async function throughProcess(isByStreams: boolean): Promise<Relay> {
  const { channel, streams } = await (relay ??= beginRelay());
  const [near, far] = isByStreams ? [streams, channel] : [channel, streams];
  return { pair: () => [near.open(++lastPort), far.open(lastPort)] };
}

const over = (relayed: () => Promise<Relay>) => async (sessions: ClientSessions, maxLength: number): Promise<OpenedCarrier> => overPorts(sessions, maxLength, (await relayed()).pair);

export const portCarriers: { readonly [name: string]: (sessions: ClientSessions, maxLength: number) => Promise<OpenedCarrier> } = {
  'a MessagePort of worker_threads': over(() => throughWorker(web)),
  "a port with the form of Electron's": over(() => throughWorker(electron)),
  'the channel of a child process': over(() => throughProcess(false)),
  'lines on the standard streams of a process': over(() => throughProcess(true)),
};
