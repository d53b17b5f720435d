/*
 * Electron by its form, as far as `embed` and `exposePort` use it, with real processes and real ports behind. Held to Electron's own
 * declarations by electron-types.test.ts; it never was Electron.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ElectronMain, ElectronPreload } from '../../src/desktop/electron-api.ts';
import { exposePort } from '../../src/desktop/expose-port.ts';
import type { WindowBridge } from '../../src/desktop/window-port.ts';
import type { ChanneledProcess } from '../../src/owner/line-channels.ts';
import { fromProcess } from '../../src/owner/line-channels.ts';
import { PortSwitch } from '../../src/owner/port-switch.ts';

/** `MessagePortMain`: nothing is heard before `start`, and a port that was given away is of no use any more. */
export class FakePort extends EventEmitter {
  #port: MessagePort | undefined;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
  }

  postMessage(text: string): void {
    this.#port?.postMessage(text);
  }

  start(): void {
    this.#port?.on('message', (data: unknown) => this.emit('message', { data, ports: [] }));
    this.#port?.on('close', () => this.emit('close'));
  }

  close(): void {
    this.#port?.close();
  }

  giveAway(): MessagePort {
    const port = this.#port;
    if (!port) throw new Error('Expected a port that was not given away before');
    this.#port = undefined;
    return port;
  }
}

export class FakeUtilityProcess extends EventEmitter {
  readonly stdout = null;
  readonly child: ChildProcess;
  readonly #ports: PortSwitch;
  #last = 0;

  /** @param hasPort whether what is begun has its port in itself, as what was built with one has */
  constructor(file: string, args: readonly string[], hasPort = !file.endsWith('.ts')) {
    super();
    const execArgv = hasPort ? [] : ['--conditions=flowstone-source', '--import', join(import.meta.dirname, 'fake-parent-port.ts')];
    this.child = fork(file, [...args], { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ports = new PortSwitch(fromProcess(this.child as ChanneledProcess), said => this.emit('message', (said as { readonly data: unknown }).data), () => {});
    this.child.on('exit', code => this.emit('exit', code ?? 1));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  postMessage(data: unknown, transfer: readonly FakePort[] = []): void {
    const [given] = transfer;
    if (!given) return this.#ports.control({ data: data as object });
    const number = ++this.#last;
    const [near, far] = [given.giveAway(), this.#ports.open(number)];
    this.#ports.control({ data: data as object, number });
    far.listen({ text: text => near.postMessage(text), closed: () => near.close() });
    near.on('message', (text: string) => far.post(text));
    near.on('close', () => far.close());
  }

  kill(): boolean {
    return this.child.kill('SIGKILL');
  }
}

/** A window with a preload script that calls `exposePort`, and a page that has its bridge. */
export class FakeWindow extends EventEmitter {
  readonly webContents: FakeWebContents;

  constructor(ipcMain: EventEmitter) {
    super();
    this.webContents = new FakeWebContents(ipcMain);
  }
}

class FakeWebContents extends EventEmitter {
  readonly mainFrame = {};
  readonly #ipcMain: EventEmitter;
  #renderer: EventEmitter | undefined;
  opensWindows: (() => { action: string }) | undefined;

  constructor(ipcMain: EventEmitter) {
    super();
    this.#ipcMain = ipcMain;
  }

  /** Loads a page; the one before is gone, with its ports. @param frame which of its frames asks */
  load(frame: unknown = this.mainFrame): WindowBridge {
    const ipcRenderer = Object.assign(new EventEmitter(), { send: (channel: string) => void this.#ipcMain.emit(channel, { sender: this, senderFrame: frame }) });
    this.#renderer = ipcRenderer;
    let exposed: WindowBridge | undefined;
    const contextBridge = { exposeInMainWorld: (_key: string, api: unknown) => void (exposed = api as WindowBridge) };
    exposePort({ contextBridge, ipcRenderer } as unknown as ElectronPreload);
    return exposed as unknown as WindowBridge;
  }

  postMessage(channel: string, _message: unknown, transfer: readonly FakePort[] = []): void {
    // Through the event loop, as between processes.
    setImmediate(() => this.#renderer?.emit(channel, { ports: transfer.map(port => port.giveAway()) }));
  }

  isDestroyed(): boolean {
    return this.#renderer === undefined;
  }

  setWindowOpenHandler(handler: () => { action: string }): void {
    this.opensWindows = handler;
  }

  destroy(): void {
    this.#renderer = undefined;
    this.emit('destroyed');
  }
}

/**
 * An `electron` of its own.
 *
 * @param isFirst whether no other instance of the app runs
 * @param begin begins a utility process; default: a process
 */
export function createFakeElectron<Begun extends EventEmitter = FakeUtilityProcess>(userData: string, isFirst = true, begin: (file: string, args: string[]) => Begun = (file, args) => new FakeUtilityProcess(file, args) as unknown as Begun) {
  const ipcMain = new EventEmitter();
  const processes: Begun[] = [];
  const quits: number[] = [];
  const app = Object.assign(new EventEmitter(), {
    requestSingleInstanceLock: () => isFirst,
    getPath: () => userData,
    quit: () => {
      let isPrevented = false;
      app.emit('before-quit', { preventDefault: () => (isPrevented = true) });
      if (!isPrevented) quits.push(processes.length);
    },
  });
  const powerMonitor = new EventEmitter();
  const autoUpdater = new EventEmitter();
  const utilityProcess = {
    fork: (file: string, args: string[]) => {
      const forked = begin(file, args);
      processes.push(forked);
      return forked;
    },
  };
  class MessageChannelMain {
    readonly port1: FakePort;
    readonly port2: FakePort;
    constructor() {
      const { port1, port2 } = new MessageChannel();
      this.port1 = new FakePort(port1);
      this.port2 = new FakePort(port2);
    }
  }
  const electron = { app, ipcMain, powerMonitor, autoUpdater, utilityProcess, MessageChannelMain } as unknown as ElectronMain;
  return { electron, app, powerMonitor, autoUpdater, processes, quits, openWindow: () => new FakeWindow(ipcMain) };
}
