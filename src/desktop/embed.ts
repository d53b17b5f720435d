import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import type { FlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import type { Logger } from '../core/logger.ts';
import { silentLogger } from '../core/logger.ts';
import type { Carrier } from '../owner/carrier.ts';
import { PortCarrier } from '../owner/port-carrier.ts';
import type { ElectronPort } from '../owner/ports.ts';
import { fromElectronPort } from '../owner/ports.ts';
import type { Scope } from '../owner/protocol.ts';
import type { ElectronMain, ElectronWebContents, ElectronWindow } from './electron-api.ts';
import type { HostEvents, HostMessage, HostProcess } from './host-messages.ts';
import { isMessage } from './host-messages.ts';
import type { RestartOptions, RuntimeProcessState } from './supervisor.ts';
import { Supervisor } from './supervisor.ts';
import { windowChannels } from './expose-port.ts';

export interface EmbedOptions {
  /** `import * as electron from 'electron'`. */
  readonly electron: ElectronMain;
  /** The file of the utility process, which calls `serveUtility`. */
  readonly utility: string;
  /** What it is given as arguments. Default: `--db` and `flowstone.db` in the app's `userData`. */
  readonly args?: readonly string[];
  /** Somebody has started the app once more: show a window. */
  readonly show?: () => void;
  /** The runtime could not begin, as when another process owns the database (`store_owned`), or does not stand (`runtime_unsteady`). It is tried again, later and later. */
  readonly failed?: (error: FlowError) => void;
  /** The runtime's process has come or gone. */
  readonly changed?: (state: RuntimeProcessState) => void;
  /** When a process that has ended is begun again. */
  readonly restart?: RestartOptions;
  /** How long handlers may go on when the app quits, ms. Default 3,000; 2 s later the process is killed. */
  readonly stopMs?: number;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export interface Embedded {
  /** Where the runtime's process stands. */
  readonly state: RuntimeProcessState;
  /**
   * Lets a window in; it asks for its port itself, at every load. Also keeps it on its page: it opens no windows and goes nowhere.
   *
   * @param scopes what it may do: default `read` and `run`. The inspector's window gets all: `['read', 'run', 'operate', 'debug']`
   */
  admit(window: ElectronWindow, options?: { readonly scopes?: readonly Scope[] }): void;
  /** A connection of the main process itself, as for a tray: give it to a client as its `open`. */
  open(options?: { readonly scopes?: readonly Scope[] }): Promise<Carrier>;
  /** Ends the runtime's process: before an update is installed. `start` begins it again when that was put off. */
  stop(timeoutMs?: number): Promise<void>;
  start(): void;
}

const embedKeys: KeysOf<EmbedOptions> = { electron: true, utility: true, args: true, show: true, failed: true, changed: true, restart: true, stopMs: true, logger: true, clock: true };
/** How long handlers may go on when the user logs out, ms. */
const sessionEndMs = 1_000;
const appScopes: readonly Scope[] = ['read', 'run'];

/**
 * Keeps a runtime in a utility process of an Electron app, and takes windows to it. To be called once, in the main process, when the
 * app is ready.
 *
 * @returns undefined when the app runs already: this one quits, and the other shows a window
 * @throws a `FlowError` with code `option_invalid`
 */
export function embed(options: EmbedOptions): Embedded | undefined {
  const { electron, show } = requireKnownKeys(options, embedKeys, '`embed`');
  const { app } = electron;
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return undefined;
  }
  app.on('second-instance', () => show?.());
  return new EmbeddedRuntime(options);
}

class EmbeddedRuntime implements Embedded {
  readonly #options: EmbedOptions;
  readonly #supervisor: Supervisor<ElectronPort>;
  readonly #admitted = new Map<ElectronWebContents, readonly Scope[]>();
  #isQuitting = false;

  constructor(options: EmbedOptions) {
    this.#options = options;
    const { electron: { app, ipcMain, powerMonitor, autoUpdater }, clock = systemClock, failed, changed, restart, logger = silentLogger } = options;
    this.#supervisor = new Supervisor({
      clock, restart,
      fork: events => this.#fork(events),
      lost: () => {
        for (const contents of this.#admitted.keys()) contents.postMessage(windowChannels.lost, null);
      },
      failed: error => {
        logger.error({ err: error }, 'the process of the runtime could not begin; it is tried again');
        failed?.(error);
      },
      ...(changed && { changed }),
    });
    ipcMain.on(windowChannels.wanted, ({ sender, senderFrame }) => this.#want(sender, senderFrame));
    powerMonitor.on('suspend', () => this.#supervisor.tell({ type: 'suspend' }));
    powerMonitor.on('resume', () => this.#supervisor.tell({ type: 'resume' }));
    app.on('before-quit', event => this.#quit(event));
    // The installer waits for the app, and the app for nothing any more: what is stored goes on in the new version.
    autoUpdater?.on('before-quit-for-update', () => {
      this.#isQuitting = true;
      void this.stop();
    });
    this.#supervisor.start();
  }

  get state(): RuntimeProcessState {
    return this.#supervisor.state;
  }

  admit(window: ElectronWindow, { scopes = appScopes }: { readonly scopes?: readonly Scope[] } = {}): void {
    const { webContents } = window;
    this.#admitted.set(webContents, scopes);
    webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
    webContents.on('will-navigate', event => event.preventDefault());
    // Windows gives an app few seconds when its user logs out.
    window.on('query-session-end', () => void this.stop(sessionEndMs));
    webContents.once('destroyed', () => {
      this.#admitted.delete(webContents);
      this.#supervisor.forget(webContents);
    });
  }

  open({ scopes = appScopes }: { readonly scopes?: readonly Scope[] } = {}): Promise<Carrier> {
    return new Promise(resolve => this.#supervisor.reach(Symbol('main'), process => resolve(new PortCarrier(fromElectronPort(this.#connect(process, scopes)), 'the utility process'))));
  }

  stop(timeoutMs?: number): Promise<void> {
    return this.#supervisor.stop(timeoutMs ?? this.#options.stopMs);
  }

  start(): void {
    this.#supervisor.start();
  }

  #fork({ message, exited }: HostEvents): HostProcess<ElectronPort> {
    const { electron: { app, utilityProcess }, utility, args = ['--db', `${app.getPath('userData')}/flowstone.db`] } = this.#options;
    const child = utilityProcess.fork(utility, [...args], { serviceName: 'flowstone', stdio: 'inherit' });
    child.on('message', said => {
      if (isMessage(said)) message(said as HostMessage);
    });
    child.on('exit', exited);
    return { send: (said, port) => child.postMessage(said, port ? [port] : []), kill: () => void child.kill() };
  }

  /** A page asks for a port. What it may do was said when it was admitted; a frame within it is not the page. */
  #want(sender: ElectronWebContents, frame: unknown): void {
    const scopes = this.#admitted.get(sender);
    if (!scopes || frame !== sender.mainFrame) {
      this.#options.logger?.warn({}, 'a page that was not admitted has asked for a port; it gets none');
      return;
    }
    this.#supervisor.reach(sender, process => {
      if (!sender.isDestroyed()) sender.postMessage(windowChannels.port, null, [this.#connect(process, scopes)]);
    });
  }

  #connect(process: HostProcess<ElectronPort>, scopes: readonly Scope[]): ElectronPort {
    const { port1, port2 } = new this.#options.electron.MessageChannelMain();
    process.send({ type: 'connect', scopes }, port1);
    return port2;
  }

  /** The app waits until the runtime has stopped, and quits then. */
  #quit(event: { preventDefault(): void }): void {
    if (this.#isQuitting || this.state === 'stopped') return;
    event.preventDefault();
    this.#isQuitting = true;
    void this.stop().then(() => this.#options.electron.app.quit());
  }
}
