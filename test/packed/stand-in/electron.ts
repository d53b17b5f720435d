/*
 * Electron's main process by its form, as far as the example uses it: processes, ports and files are real, pages are those of
 * happy-dom. It never was Electron: what it shows is that the example's own code and its checks hold together.
 */
import { EventEmitter } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { FakePort, FakeUtilityProcess } from '../../electron/fake-electron.ts';
import { isAlive } from '../../electron/is-alive.ts';
import type { PageHost } from './page.ts';
import { Page } from './page.ts';

/** Time between two looks for a second start, ms. */
const lookMs = 25;

class App extends EventEmitter {
  readonly isPackaged = false;
  #userData = process.env['STAND_IN_USER_DATA'] ?? '';

  setPath(_name: string, path: string): void {
    this.#userData = path;
  }

  getPath(name: string): string {
    if (name !== 'userData' || this.#userData === '') throw new Error(`Expected \`userData\`, set before, got ${name}`);
    return this.#userData;
  }

  whenReady = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

  /** Kept by a file with the process id of the first; a second one knocks. */
  requestSingleInstanceLock(): boolean {
    mkdirSync(this.#userData, { recursive: true });
    const [lock, knock] = ['lock', 'knock'].map(name => join(this.#userData, `singleton-${name}`)) as [string, string];
    if (existsSync(lock) && isAlive(Number(readFileSync(lock, 'utf8')))) {
      closeSync(openSync(knock, 'w'));
      return false;
    }
    writeFileSync(lock, String(process.pid));
    rmSync(knock, { force: true });
    setInterval(() => {
      if (!existsSync(knock)) return;
      rmSync(knock);
      this.emit('second-instance');
    }, lookMs).unref();
    return true;
  }

  quit(): void {
    let isPrevented = false;
    this.emit('before-quit', { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) this.exit(0);
  }

  exit(code: number): void {
    process.exit(code);
  }

  getAppMetrics(): { pid: number; type: string; name?: string }[] {
    const utilities = processes.filter(({ child: { exitCode, signalCode } }) => exitCode === null && signalCode === null);
    return [{ pid: process.pid, type: 'Browser' }, ...utilities.map(({ pid, name }) => ({ pid: pid as number, type: 'Utility', name }))];
  }
}

class ServiceProcess extends FakeUtilityProcess {
  readonly name: string;

  constructor(file: string, args: readonly string[], name: string) {
    super(file, args, false);
    this.name = name;
  }
}

const processes: ServiceProcess[] = [];
export const app = new App();
export const ipcMain = new EventEmitter();
export const powerMonitor = new EventEmitter();
export const autoUpdater = new EventEmitter();
export const utilityProcess = {
  fork(file: string, args: readonly string[], { serviceName }: { readonly serviceName: string }): ServiceProcess {
    const forked = new ServiceProcess(file, args, serviceName);
    processes.push(forked);
    return forked;
  },
};

export class MessageChannelMain {
  readonly port1: FakePort;
  readonly port2: FakePort;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new FakePort(port1);
    this.port2 = new FakePort(port2);
  }
}

interface WebPreferences {
  readonly preload: string;
  readonly contextIsolation: boolean;
  readonly sandbox: boolean;
  readonly nodeIntegration: boolean;
}

class WebContents extends EventEmitter implements PageHost {
  readonly mainFrame = {};
  readonly #preload: string;
  #page: Page | undefined;
  #isDestroyed = false;
  #opensWindow: (() => { readonly action: string }) | undefined;

  constructor(preload: string) {
    super();
    this.#preload = preload;
  }

  async load(file: string): Promise<void> {
    this.#page?.close();
    this.#page = new Page(this, file);
    await this.#page.begin(this.#preload);
  }

  say(channel: string): void {
    setImmediate(() => ipcMain.emit(channel, { sender: this, senderFrame: this.mainFrame }));
  }

  /** Whether the page may go there. */
  navigates(): boolean {
    let isPrevented = false;
    this.emit('will-navigate', { preventDefault: () => (isPrevented = true) });
    return !isPrevented;
  }

  /** A page opens a window, unless the app says no. */
  opens(): void {
    if ((this.#opensWindow?.().action ?? 'allow') === 'allow') void new BrowserWindow({});
  }

  postMessage(channel: string, _message: unknown, transfer: readonly FakePort[] = []): void {
    // Through the event loop, as between processes.
    setImmediate(() => this.#page?.hear(channel, transfer.map(port => port.giveAway())));
  }

  setWindowOpenHandler(handler: () => { readonly action: string }): void {
    this.#opensWindow = handler;
  }

  getURL = (): string => this.#page?.address ?? '';
  isDestroyed = (): boolean => this.#isDestroyed;
  executeJavaScript = async (script: string): Promise<unknown> => this.#page?.run(script);

  destroy(): void {
    this.#isDestroyed = true;
    this.#page?.close();
    this.emit('destroyed');
  }
}

const windows = new Set<BrowserWindow>();

export class BrowserWindow extends EventEmitter {
  static getAllWindows = (): BrowserWindow[] => [...windows];
  readonly webContents: WebContents;

  constructor({ webPreferences }: { readonly webPreferences?: WebPreferences }) {
    super();
    // What is not isolated would find Node.js, and this has nothing of the kind.
    if (webPreferences && !(webPreferences.contextIsolation && webPreferences.sandbox && !webPreferences.nodeIntegration)) throw new Error('Expected an isolated window in a sandbox');
    this.webContents = new WebContents(webPreferences?.preload ?? '');
    windows.add(this);
  }

  loadFile = (file: string): Promise<void> => this.webContents.load(file);
  isDestroyed = (): boolean => this.webContents.isDestroyed();
  isMinimized = (): boolean => false;
  restore(): void {}
  focus(): void {}

  destroy(): void {
    windows.delete(this);
    this.webContents.destroy();
    if (windows.size > 0) return;
    if (app.listenerCount('window-all-closed') === 0) app.quit();
    else app.emit('window-all-closed');
  }
}

interface MenuItem {
  readonly label?: string;
  readonly type?: string;
  readonly click?: () => void;
}

export const Menu = { buildFromTemplate: (items: readonly MenuItem[]): { readonly items: readonly MenuItem[] } => ({ items }) };
export const dialog = { showErrorBox: (title: string, text: string): void => console.error(`${title}: ${text}`) };
export const nativeImage = {
  createFromPath(file: string) {
    if (!existsSync(file)) throw new Error(`Expected a picture at ${file}`);
    return { resize: (size: object) => size };
  },
};

export class Tray {
  #isDestroyed = false;
  setToolTip(): void {}
  setTitle(): void {}
  setContextMenu(): void {}
  isDestroyed = (): boolean => this.#isDestroyed;
  destroy(): void {
    this.#isDestroyed = true;
  }
}

// An app goes on until it is told to end.
setInterval(() => {}, 60_000);
