import type { ElectronPort, WebPort } from '../owner/ports.ts';

/*
 * What is used of Electron, by its form: the app gives it, so that nothing of Flowstone imports `electron`. Held to its own
 * declarations, the oldest and the newest supported, by test/electron/electron-types.test.ts.
 */

export interface ElectronApp {
  requestSingleInstanceLock(): boolean;
  getPath(name: 'userData'): string;
  quit(): void;
  on(event: 'second-instance', listener: () => void): unknown;
  on(event: 'before-quit', listener: (event: { preventDefault(): void }) => void): unknown;
}

export interface ElectronWebContents {
  readonly mainFrame: unknown;
  postMessage(channel: string, message: unknown, transfer?: ElectronPort[]): void;
  isDestroyed(): boolean;
  setWindowOpenHandler(handler: () => { action: 'deny' }): void;
  on(event: 'will-navigate', listener: (event: { preventDefault(): void }) => void): unknown;
  once(event: 'destroyed', listener: () => void): unknown;
}

export interface ElectronWindow {
  readonly webContents: ElectronWebContents;
  on(event: 'query-session-end', listener: () => void): unknown;
}

export interface ElectronIpcMain {
  on(channel: string, listener: (event: { readonly sender: ElectronWebContents; readonly senderFrame: unknown }) => void): unknown;
}

export interface ElectronUtilityProcess {
  readonly stdout: unknown;
  readonly pid: number | undefined;
  postMessage(message: unknown, transfer?: ElectronPort[]): void;
  kill(): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
}

/** The parts of `electron` that `embed` is given: `import * as electron from 'electron'` has them all. */
export interface ElectronMain {
  readonly app: ElectronApp;
  readonly ipcMain: ElectronIpcMain;
  readonly powerMonitor: { on(event: 'suspend', listener: () => void): unknown; on(event: 'resume', listener: () => void): unknown };
  readonly autoUpdater?: { on(event: 'before-quit-for-update', listener: () => void): unknown };
  readonly utilityProcess: { fork(module: string, args: string[], options: { serviceName: string; stdio: 'inherit' }): ElectronUtilityProcess };
  readonly MessageChannelMain: new () => { readonly port1: ElectronPort; readonly port2: ElectronPort };
}

/** The parts of `electron` that `exposePort` is given. */
export interface ElectronPreload {
  readonly contextBridge: { exposeInMainWorld(key: string, api: unknown): void };
  readonly ipcRenderer: {
    send(channel: string, ...args: unknown[]): void;
    on(channel: string, listener: (event: { readonly ports: readonly WebPort[] }) => void): unknown;
  };
}
