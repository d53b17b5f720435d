import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemRandom } from '../../src/core/ids.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Embedded, EmbedOptions } from '../../src/desktop/embed.ts';
import { embed } from '../../src/desktop/embed.ts';
import type { WindowBridge } from '../../src/desktop/window-port.ts';
import { openWindow } from '../../src/desktop/window-port.ts';
import type { Carrier } from '../../src/owner/carrier.ts';
import { ReconnectingClient } from '../../src/owner/reconnecting-client.ts';
import type { RuntimeClient } from '../../src/runtime/client-api.ts';
import { ConnectedClient } from '../../src/runtime/runtime-client.ts';
import { createFakeElectron } from './fake-electron.ts';

/** Waits of the supervisor, a hundredth as long. */
export const hastyClock: Clock = { ...systemClock, setTimer: (callback, delayMs) => systemClock.setTimer(callback, delayMs / 100) };

/** A client over whatever opens a connection, as a page has one. */
export function createPageClient(open: () => Promise<Carrier>): { readonly client: RuntimeClient; readonly raw: ReconnectingClient } {
  const raw = new ReconnectingClient({ open, clock: systemClock, random: systemRandom, logger: silentLogger });
  return { client: new ConnectedClient(raw, systemClock, 'page'), raw };
}

/** An app with its runtime in a process of its own, by the fake. */
export class FakeApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'flowstone-app-'));
  readonly fake;
  readonly embedded: Embedded;
  readonly failures: string[] = [];
  readonly states: string[] = [];
  readonly #clients: RuntimeClient[] = [];

  constructor(options: Partial<EmbedOptions> = {}) {
    this.fake = createFakeElectron(this.folder);
    const embedded = embed({
      electron: this.fake.electron,
      utility: join(import.meta.dirname, 'app-utility.ts'),
      args: ['--db', join(this.folder, 'app.db'), '--ledger', join(this.folder, 'ledger')],
      clock: hastyClock,
      failed: ({ code }) => this.failures.push(code),
      changed: state => this.states.push(state),
      ...options,
    });
    if (!embedded) throw new Error('Expected to be the first instance');
    this.embedded = embedded;
  }

  get pid(): number | undefined {
    return this.fake.processes.at(-1)?.pid;
  }

  /** Lines that tools have written. */
  get ledger(): string[] {
    const file = join(this.folder, 'ledger');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  /** Opens a window, and a client in its page. */
  openWindow(options?: Parameters<Embedded['admit']>[1]) {
    const window = this.fake.openWindow();
    this.embedded.admit(window as never, options);
    return { window, ...this.connect(window.webContents.load()) };
  }

  connect(bridge: WindowBridge) {
    const page = createPageClient(() => openWindow(bridge));
    this.#clients.push(page.client);
    return page;
  }

  /** A client of the main process itself. */
  connectMain() {
    const page = createPageClient(() => this.embedded.open());
    this.#clients.push(page.client);
    return page;
  }

  /** Kills the runtime's process, and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.fake.processes.at(-1)?.child;
    if (!child || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.embedded.stop(0);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
