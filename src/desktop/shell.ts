import type { Clock } from '../core/clock.ts';
import type { FlowError } from '../core/errors.ts';
import type { Port } from '../owner/port-carrier.ts';
import type { LineChannel } from '../owner/port-switch.ts';
import { PortSwitch } from '../owner/port-switch.ts';
import type { Scope } from '../owner/protocol.ts';
import type { HostEvents, HostMessage, HostProcess } from './host-messages.ts';
import { isMessage } from './host-messages.ts';
import type { RestartOptions, RuntimeProcessState } from './supervisor.ts';
import { Supervisor } from './supervisor.ts';

/** A runtime's process as a shell begins it: lines on its standard streams. */
export interface SpawnedProcess {
  /** Writes a line; the shell adds its end. */
  write(line: string): void;
  kill(): void;
}

export interface ShellOptions {
  /** Begins the process that calls `serveUtility`, with its standard streams as pipes. */
  readonly spawn: (heard: { line(line: string): void; exited(): void }) => SpawnedProcess;
  readonly clock: Clock;
  /** The runtime could not begin, as when another process owns the database (`store_owned`), or does not stand (`runtime_unsteady`). It is tried again, later and later. */
  readonly failed?: (error: FlowError) => void;
  /** The runtime's process has come or gone. */
  readonly changed?: (state: RuntimeProcessState) => void;
  /** When a process that has ended is begun again. */
  readonly restart?: RestartOptions;
}

/** A page in a window of the shell, and the way to it. */
export interface ShellPage {
  /** What it may do. Default: `read` and `run`. */
  readonly scopes?: readonly Scope[];
  /** Runs a text as a script of the page. */
  readonly run: (script: string) => void;
}

export interface AdmittedPage {
  /** What the page has said by its message handler. */
  take(said: string): void;
  /** It is gone, with its port. */
  close(): void;
}

export interface Shell {
  readonly state: RuntimeProcessState;
  admit(page: ShellPage): AdmittedPage;
  suspend(): void;
  resume(): void;
  /** Ends the runtime's process; resolves when it has ended. */
  stop(timeoutMs?: number): Promise<void>;
  start(): void;
}

const appScopes: readonly Scope[] = ['read', 'run'];

/**
 * What a page is given before its own scripts: `window.flowstone`, as in Electron. It needs a message handler of this name.
 *
 * @param name of the message handler
 */
export const pageScript = (name = 'flowstone'): string => `(() => {
  const say = text => window.webkit.messageHandlers.${name}.postMessage(text);
  // What the shell has still to tell the page before this one, whose ports had numbers, too, is none of these.
  let last = crypto.getRandomValues(new Uint32Array(1))[0] % 9e8;
  let port;
  const end = () => { const ended = port; port = undefined; if (ended) { ended.refused(new Error('The port was closed before it was open')); ended.closed(); } };
  Object.defineProperty(window, 'flowstoneHeard', { value: (number, kind, text) => {
    if (!port || port.number !== number) return;
    if (kind === 'opened') port.opened();
    else if (kind === 'closed') end();
    else port.text(text);
  } });
  Object.defineProperty(window, 'flowstone', { value: Object.freeze({ open: (text, closed) => {
    end();
    const number = ++last;
    return new Promise((resolve, refused) => {
      const post = said => { if (port && port.number === number) say('text ' + number + ' ' + said); };
      const close = () => { if (port && port.number === number) { say('close ' + number); end(); } };
      port = { number, text, closed, refused, opened: () => resolve({ post, close }) };
      say('open ' + number);
    });
  } }) });
})();`;

/**
 * Keeps a runtime in a child process of a shell that has windows, and takes their pages to it over its standard streams. Needs nothing
 * but the language: it runs in gjs, as in `docs/examples/desktop`.
 */
export function createShell(options: ShellOptions): Shell {
  const { spawn, clock, failed, changed, restart } = options;
  const pages = new Set<Page>();
  const supervisor = new Supervisor<Page>({
    clock, restart,
    fork: events => spawnHost(spawn, events),
    lost: () => {
      for (const page of pages) page.lose();
    },
    failed: error => failed?.(error),
    ...(changed && { changed }),
  });
  supervisor.start();
  return {
    get state() {
      return supervisor.state;
    },
    admit(given) {
      const page = new Page(given, supervisor, () => pages.delete(page));
      pages.add(page);
      return page;
    },
    suspend: () => supervisor.tell({ type: 'suspend' }),
    resume: () => supervisor.tell({ type: 'resume' }),
    stop: timeoutMs => supervisor.stop(timeoutMs),
    start: () => supervisor.start(),
  };
}

function spawnHost(spawn: ShellOptions['spawn'], { message, exited }: HostEvents): HostProcess<Page> {
  let taker: Parameters<LineChannel['listen']>[0] | undefined;
  let last = 0;
  const spawned = spawn({
    line: line => taker?.line(line),
    exited: () => {
      taker?.closed();
      exited();
    },
  });
  const channel: LineChannel = { send: line => spawned.write(line), listen: given => (taker = given), close: () => spawned.kill() };
  const ports = new PortSwitch(channel, said => {
    if (isMessage(said)) message(said as HostMessage);
  }, () => {});
  return {
    send: (said, page) => {
      if (!page) return ports.control(said);
      const port = ++last;
      page.give(ports.open(port));
      ports.control({ ...said, port });
    },
    kill: () => spawned.kill(),
  };
}

class Page implements AdmittedPage {
  readonly #page: ShellPage;
  readonly #supervisor: Supervisor<Page>;
  readonly #forget: () => void;
  /** The number that the page has given the port it has now, or waits for. */
  #number = 0;
  #port: Port | undefined;

  constructor(page: ShellPage, supervisor: Supervisor<Page>, forget: () => void) {
    this.#page = page;
    this.#supervisor = supervisor;
    this.#forget = forget;
  }

  take(said: string): void {
    const [, word, name, text = ''] = /^(open|text|close) (\d{1,9})(?: (.*))?$/s.exec(said) ?? [];
    if (word === undefined) return;
    const number = Number(name);
    if (word === 'open') return this.#open(number);
    if (number !== this.#number) return;
    if (word === 'text') this.#port?.post(text);
    else this.#closePort();
  }

  /** A port to the process that is ready now. */
  give(port: Port): void {
    const number = this.#number;
    this.#port = port;
    port.listen({ text: text => this.#tell(number, 'text', String(text)), closed: () => this.#tell(number, 'closed') });
    this.#tell(number, 'opened');
  }

  /** The process is gone. */
  lose(): void {
    if (!this.#port) return;
    this.#port = undefined;
    this.#tell(this.#number, 'closed');
  }

  close(): void {
    this.#closePort();
    this.#forget();
  }

  #open(number: number): void {
    this.#closePort();
    this.#number = number;
    const { scopes = appScopes } = this.#page;
    this.#supervisor.reach(this, process => process.send({ type: 'connect', scopes }, this));
  }

  #closePort(): void {
    this.#supervisor.forget(this);
    const port = this.#port;
    this.#port = undefined;
    // The runtime hears of it as of any end that has nothing more to say.
    port?.post('null');
    port?.close();
  }

  #tell(number: number, kind: 'opened' | 'closed' | 'text', text = ''): void {
    this.#page.run(`flowstoneHeard(${number}, '${kind}', ${JSON.stringify(text)})`);
  }
}
