import { EventEmitter } from 'node:events';
import { embed } from '../../src/desktop/embed.ts';
import { createShell, pageScript } from '../../src/desktop/shell.ts';
import type { WindowBridge } from '../../src/desktop/window-port.ts';
import type { Port } from '../../src/owner/port-carrier.ts';
import { PortSwitch } from '../../src/owner/port-switch.ts';
import type { Scope } from '../../src/owner/protocol.ts';
import type { FakePort } from './fake-electron.ts';
import { createFakeElectron } from './fake-electron.ts';
import type { MortalSite } from './mortal-runtime.ts';

/** Opens an app whose runtime is mortal, and gives what its page finds as `window.flowstone`. */
export type OpenShell = (site: MortalSite) => WindowBridge;

/** The shell that has lines to its process, and runs texts as scripts of its page. */
const overLines: OpenShell = site => {
  const { clock } = site;
  const shell = createShell({
    clock,
    spawn: heard => {
      const runtime = site.begin(() => setImmediate(heard.exited));
      let take = (_line: string): void => {};
      const ports = new PortSwitch({ send: line => runtime.pass(() => heard.line(line)), listen: ({ line }) => (take = line), close: () => {} }, said => {
        const { type, port, scopes } = said as { readonly type: string; readonly port: number; readonly scopes: readonly Scope[] };
        if (type === 'connect') runtime.accept(ports.open(port), scopes);
      }, () => {});
      void runtime.begin().then(() => ports.control({ type: 'ready' }));
      return { write: line => runtime.pass(() => take(line)), kill: () => runtime.kill() };
    },
  });
  const window = { webkit: { messageHandlers: { flowstone: { postMessage: (said: string) => setImmediate(() => admitted.take(said)) } } } } as unknown as { flowstone: WindowBridge; flowstoneHeard: unknown };
  const admitted = shell.admit({ run: script => setImmediate(() => void new Function('flowstoneHeard', script)(window.flowstoneHeard)) });
  new Function('window', pageScript())(window);
  return window.flowstone;
};

class MortalUtility extends EventEmitter {
  readonly pid = undefined;
  readonly #runtime;
  readonly #ports = new Set<Port>();

  constructor(site: MortalSite) {
    super();
    this.#runtime = site.begin(() => {
      for (const port of this.#ports) port.close();
      setImmediate(() => this.emit('exit', 1));
    });
    void this.#runtime.begin().then(() => this.#runtime.pass(() => this.emit('message', { type: 'ready' })));
  }

  postMessage(said: { readonly scopes: readonly Scope[] }, [given]: readonly FakePort[] = []): void {
    const port = given?.giveAway();
    if (!port) return;
    // Of one that is sent to a process that has ended, the other end is told.
    if (this.#runtime.isDead) return port.close();
    const far: Port = {
      post: text => this.#runtime.pass(() => port.postMessage(text)),
      listen: taker => {
        port.on('message', (text: unknown) => this.#runtime.pass(() => taker.text(text)));
        port.on('close', () => taker.closed());
      },
      close: () => port.close(),
    };
    this.#ports.add(far);
    this.#runtime.pass(() => this.#runtime.accept(far, said.scopes));
  }

  kill(): boolean {
    this.#runtime.kill();
    return true;
  }
}

/** Electron by its form, with a `MessagePort` of its own for each page. */
const overPorts: OpenShell = site => {
  const { electron, openWindow } = createFakeElectron('nowhere', true, () => new MortalUtility(site));
  const window = openWindow();
  const embedded = embed({ electron, utility: 'none.ts', clock: site.clock });
  embedded?.admit(window as never);
  return window.webContents.load();
};

export const mortalShells: { readonly [name: string]: OpenShell } = { 'lines to a process': overLines, "a fake with the form of Electron's ports": overPorts };
