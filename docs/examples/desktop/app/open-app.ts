import { join } from 'node:path';
import * as electron from 'electron';
import { app, BrowserWindow, dialog } from 'electron';
import { embed } from 'flowstone/electron';
import type { Embedded, EmbedOptions } from 'flowstone/electron';
import { openTray } from './tray.ts';

/** Where the build has put everything. In a package it is within the archive, the native file beside it. */
const here = import.meta.dirname;
const native = join(here.replace('app.asar', 'app.asar.unpacked'), 'sqlite.node');

export interface App {
  readonly embedded: Embedded;
  /** The window with the orders; opened when it is closed. */
  show(): BrowserWindow;
  /** The inspector's window: the only one that may hold flows, and delete them. */
  inspect(): BrowserWindow;
}

/** @param options the runtime's process, when it is another one: what is tried */
export async function openApp(options: Partial<Pick<EmbedOptions, 'utility' | 'changed' | 'failed'>> = {}): Promise<App | undefined> {
  await app.whenReady();
  const windows = new Map<string, BrowserWindow>();

  /** Brings a window to the front, and opens it when there is none. */
  const present = (page: string, title: string, scopes?: Parameters<Embedded['admit']>[1]): BrowserWindow => {
    let window = windows.get(page);
    if (!window || window.isDestroyed()) {
      window = new BrowserWindow({ title, width: 1100, height: 780, webPreferences: { preload: join(here, 'preload.cjs'), contextIsolation: true, sandbox: true, nodeIntegration: false } });
      windows.set(page, window);
      embedded?.admit(window, scopes);
      void window.loadFile(join(here, page));
    }
    if (window.isMinimized()) window.restore();
    window.focus();
    return window;
  };
  const show = (): BrowserWindow => present('index.html', 'Orders');
  const inspect = (): BrowserWindow => present('inspector/index.html', 'Inspector', { scopes: ['read', 'run', 'operate', 'debug'] });

  let saidFailure = false;
  const embedded = embed({
    electron,
    utility: join(here, 'utility.js'),
    args: ['--db', join(app.getPath('userData'), 'flowstone.db'), '--native', native],
    show,
    failed: ({ code, message }) => {
      if (saidFailure) return;
      saidFailure = true;
      dialog.showErrorBox(code === 'store_owned' ? 'Another program uses this database' : 'The orders cannot be opened', message);
    },
    ...options,
  });
  if (!embedded) return undefined;
  show();
  const tray = openTray({ open: () => embedded.open(), icon: join(here, 'tray.png'), show, inspect });
  app.on('before-quit', () => tray.destroy());
  // It goes on in the tray; macOS shows its windows again by itself.
  app.on('window-all-closed', () => {});
  app.on('activate', show);
  return { embedded, show, inspect };
}
