import { once } from 'node:events';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ClientSessions } from '../../src/owner/client-sessions.ts';
import { fromStreams } from '../../src/owner/line-channels.ts';
import type { Port, PortTaker } from '../../src/owner/port-carrier.ts';
import { PortCarrier } from '../../src/owner/port-carrier.ts';
import { PortSwitch } from '../../src/owner/port-switch.ts';
import type { OpenedCarrier } from '../owner/carriers.ts';
import { WindowApp } from './window-app.ts';

/** A window's port, as this process has it: what is posted here is posted by the page, and what the page hears comes out here. */
class PagePort implements Port {
  readonly #run: (body: string) => Promise<unknown>;
  readonly #left: () => void;
  #taker: PortTaker | undefined;
  #early: string[] = [];
  #texts: string[] = [];
  #isClosed = false;

  /** @param run runs a text in its page */
  constructor(run: (body: string) => Promise<unknown>, left: () => void) {
    this.#run = run;
    this.#left = left;
  }

  post(text: string): void {
    if (this.#texts.push(text) === 1) queueMicrotask(() => this.#flush());
  }

  listen(taker: PortTaker): void {
    this.#taker = taker;
    for (const text of this.#early.splice(0)) taker.text(text);
  }

  hear({ text, isClosed }: { readonly text?: string; readonly isClosed?: true }): void {
    if (text !== undefined && this.#taker) this.#taker.text(text);
    else if (text !== undefined) this.#early.push(text);
    if (isClosed) this.#taker?.closed();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    void this.#run('relay.close()').then(() => this.#left());
  }

  /** What is posted in one turn is one script. */
  #flush(): void {
    if (this.#texts.length === 0 || this.#isClosed) return;
    void this.#run(`relay.post(${JSON.stringify(this.#texts.splice(0))})`);
  }
}

/** Connections over windows of WebKitGTK: page, shell, the lines of a child process, and back to this process by a socket. */
export class WindowCarriers {
  readonly #app: string;
  readonly #shell: WindowApp;
  readonly #server: Server;
  readonly #ports = new Map<number, PagePort>();
  readonly #free: number[] = [];
  /** What pages have still to do. */
  readonly #running = new Set<Promise<unknown>>();
  #sessions: ClientSessions | undefined;
  #maxLength = 0;

  constructor(app: string, display: string) {
    this.#app = app;
    const socket = join(app, 'relay.sock');
    this.#server = createServer(stream => {
      const ports: PortSwitch = new PortSwitch(fromStreams(stream, stream), said => {
        const { type, port } = said as { readonly type: string; readonly port: number };
        if (type === 'connect') this.#sessions?.accept(new PortCarrier(ports.open(port), 'a window', this.#maxLength));
        else stream.destroy();
      }, () => {});
    }).listen(socket);
    this.#shell = new WindowApp(app, display, [join(app, 'out/relay-runtime.js'), '--socket', socket]);
    this.#shell.heard = (window, said) => this.#ports.get(window)?.hear(JSON.parse(said) as { text?: string });
  }

  open = async (sessions: ClientSessions, maxLength: number): Promise<OpenedCarrier> => {
    this.#sessions = sessions;
    this.#maxLength = maxLength;
    return {
      maxLength,
      connect: async () => new PortCarrier(await this.#connect(), 'a window'),
      writeRaw: async text => {
        const port = await this.#connect();
        const said: string[] = [];
        const ended = new Promise<void>(resolve => port.listen({ text: answer => (answer === 'null' ? resolve() : said.push(String(answer))), closed: () => resolve() }));
        for (const part of text.split('\n')) if (part !== '') port.post(part);
        return { said: () => said.join('\n'), ended: ended.then(() => port.close()) };
      },
      close: async () => {},
    };
  };

  async close(): Promise<void> {
    await Promise.all(this.#running);
    await this.#shell.close();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** A page has one port at a time: one that has closed its own opens the next. */
  async #connect(): Promise<Port> {
    const window = this.#free.pop() ?? (await this.#shell.open({ title: 'Relay', page: join(this.#app, 'out/page/relay.html') }));
    const run = (body: string): Promise<unknown> => {
      const running: Promise<unknown> = this.#shell.run(window, body).finally(() => this.#running.delete(running));
      this.#running.add(running);
      return running;
    };
    const port = new PagePort(run, () => this.#free.push(window));
    this.#ports.set(window, port);
    await run('return relay.open()');
    return port;
  }
}
