import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as electron from 'electron';
import { app, BrowserWindow, dialog, Menu, nativeImage, Tray } from 'electron';
import { connectOver } from 'flowstone/client';
import { embed } from 'flowstone/electron';
import type { Embedded } from 'flowstone/electron';

const here = dirname(fileURLToPath(import.meta.url));
/** In a package the native file stands beside the archive. */
const native = join(here.replace('app.asar', 'app.asar.unpacked'), 'sqlite.node');

function openWindow(embedded: Embedded, title: string, page: string): BrowserWindow {
  const window = new BrowserWindow({ title, width: 1000, height: 760, webPreferences: { preload: join(here, 'preload.cjs'), contextIsolation: true, sandbox: true, nodeIntegration: false } });
  embedded.admit(window);
  void window.loadFile(join(here, page));
  return window;
}

/** Shows how many flows run; what is followed is followed through every life of the runtime. */
function openTray(embedded: Embedded, show: () => void): Tray {
  const tray = new Tray(nativeImage.createEmpty());
  tray.setContextMenu(Menu.buildFromTemplate([
    { label: 'Orders', click: show },
    { type: 'separator' },
    { label: 'Quit', click: () => app.quit() },
  ]));
  const client = connectOver(() => embedded.open());
  const follow = async (): Promise<void> => {
    for await (const _ of client.feed({ topics: ['executions'] })) {
      const { executions } = await client.list({ status: ['pending', 'stepping', 'consolidating'], limit: 100 });
      tray.setTitle(executions.length === 0 ? '' : String(executions.length));
      tray.setToolTip(executions.length === 1 ? '1 flow runs' : `${executions.length} flows run`);
    }
  };
  void follow().catch(() => {});
  return tray;
}

await app.whenReady();
let main: BrowserWindow | undefined;
const show = (): void => {
  if (!embedded) return;
  if (!main || main.isDestroyed()) main = openWindow(embedded, 'Orders', 'index.html');
  if (main.isMinimized()) main.restore();
  main.focus();
};
let saidOwner = false;
const embedded = embed({
  electron,
  utility: join(here, 'utility.js'),
  args: ['--db', join(app.getPath('userData'), 'flowstone.db'), '--native', native],
  show,
  failed: ({ code, message }) => {
    if (saidOwner) return;
    saidOwner = true;
    dialog.showErrorBox(code === 'store_owned' ? 'Another program uses this database' : 'The orders cannot be opened', message);
  },
});
if (embedded) {
  show();
  const tray = openTray(embedded, show);
  app.on('before-quit', () => tray.destroy());
  // It goes on in the tray; macOS shows its windows again by itself.
  app.on('window-all-closed', () => {});
  app.on('activate', show);
}
