import { join } from 'node:path';
import { app, autoUpdater, BrowserWindow, powerMonitor } from 'electron';
import { openApp } from '../app/open-app.ts';

/*
 * The app's main process, as app/main.ts begins it, told what to do by the process that has begun it. See "Automated testing with a
 * custom driver" in Electron's documentation.
 */

interface Command {
  readonly id: number;
  readonly name: string;
  readonly window?: 'orders' | 'inspector' | 'stranger';
  readonly script?: string;
  readonly event?: string;
}

const tell = (message: object): void => void process.send?.(message);
// Whoever steers is gone: so is this.
process.on('disconnect', () => app.exit(1));
app.setPath('userData', process.env['VERIFY_FOLDER'] ?? 'verify');

const opening = openApp({
  utility: join(import.meta.dirname, 'verify-utility.js'),
  changed: state => tell({ state }),
  failed: ({ code }) => tell({ failed: code }),
});
let stranger: BrowserWindow | undefined;

async function perform({ name, window, script = '', event = '' }: Command): Promise<unknown> {
  const opened = await opening;
  if (!opened) throw new Error('The app runs already');
  const { embedded, show, inspect } = opened;
  const find = (): BrowserWindow => (window === 'inspector' ? inspect() : window === 'stranger' && stranger ? stranger : show());
  switch (name) {
    // Opens a window that the app has not admitted, on the app's own page.
    case 'openStranger':
      stranger = new BrowserWindow({ show: false, webPreferences: { preload: join(import.meta.dirname, 'preload.cjs'), contextIsolation: true, sandbox: true, nodeIntegration: false } });
      return stranger.loadFile(join(import.meta.dirname, 'index.html'));
    case 'closeStranger':
      return stranger?.destroy();
    case 'show':
      return void find();
    case 'run':
      return find().webContents.executeJavaScript(script, true);
    case 'address':
      return find().webContents.getURL();
    case 'close':
      return find().destroy();
    case 'windows':
      return BrowserWindow.getAllWindows().length;
    case 'power':
      return powerMonitor.emit(event);
    case 'stop':
      return embedded.stop();
    case 'start':
      return embedded.start();
    case 'processes':
      return app.getAppMetrics().map(({ pid, type, name: service }) => ({ pid, type, name: service }));
    case 'update':
      // What an updater says before it quits the app to install.
      autoUpdater.emit('before-quit-for-update');
      return void setImmediate(() => app.quit());
    case 'quit':
      return void setImmediate(() => app.quit());
    default:
      throw new Error(`Expected a command, got ${name}`);
  }
}

process.on('message', (command: Command) => {
  perform(command).then(value => tell({ id: command.id, value: value ?? null }), (error: unknown) => tell({ id: command.id, error: String(error) }));
});
