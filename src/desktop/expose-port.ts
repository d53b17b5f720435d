import type { WebPort } from '../owner/ports.ts';
import { fromWebPort } from '../owner/ports.ts';
import type { ElectronPreload } from './electron-api.ts';
import type { OpenPort, WindowBridge } from './window-port.ts';

/** Names of what main and preload say to each other. */
export const windowChannels = { wanted: 'flowstone:wanted', port: 'flowstone:port', lost: 'flowstone:lost' } as const;

/**
 * Gives a page its way to the runtime, in its preload script: `exposePort(require('electron'))`.
 *
 * @param key the name in the page's `window`; default `flowstone`
 */
export function exposePort({ contextBridge, ipcRenderer }: ElectronPreload, key = 'flowstone'): void {
  let given: ((port: WebPort) => void) | undefined;
  let end = (): void => {};
  ipcRenderer.on(windowChannels.port, ({ ports: [port] }) => {
    // One that was asked for by a page that is gone belongs to nobody.
    if (port && given) given(port);
    else port?.close();
    given = undefined;
  });
  ipcRenderer.on(windowChannels.lost, () => end());
  const bridge: WindowBridge = {
    open: (text, closed) => {
      end();
      return new Promise(resolve => {
        given = port => resolve(open(port, text, closed));
        ipcRenderer.send(windowChannels.wanted);
      });
    },
  };
  const open = (web: WebPort, text: (text: string) => void, closed: () => void): OpenPort => {
    const port = fromWebPort(web);
    let isOver = false;
    const finish = (): void => {
      if (isOver) return;
      isOver = true;
      port.close();
      closed();
    };
    end = finish;
    port.listen({ text: said => text(String(said)), closed: finish });
    return {
      post: said => {
        if (!isOver && typeof said === 'string') port.post(said);
      },
      close: finish,
    };
  };
  contextBridge.exposeInMainWorld(key, bridge);
}
