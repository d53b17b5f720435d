import { app, Menu, nativeImage, Tray } from 'electron';
import { connectOver } from 'flowstone/client';
import type { Carrier } from 'flowstone/electron';

const mostShown = 10;

interface TrayOptions {
  readonly open: () => Promise<Carrier>;
  readonly icon: string;
  readonly show: () => void;
  readonly inspect: () => void;
}

/** Shows the flows that run; what is followed is followed through every life of the runtime. */
export function openTray({ open, icon, show, inspect }: TrayOptions): Tray {
  const tray = new Tray(nativeImage.createFromPath(icon).resize({ width: 16, height: 16 }));
  const client = connectOver(open);
  const draw = (running: readonly { readonly executionId: string; readonly flowId: string; readonly status: string }[]): void => {
    if (tray.isDestroyed()) return;
    const title = running.length === 1 ? '1 flow runs' : `${running.length} flows run`;
    tray.setToolTip(title);
    tray.setTitle(running.length === 0 ? '' : String(running.length));
    tray.setContextMenu(Menu.buildFromTemplate([
      { label: title, enabled: false },
      ...running.slice(0, mostShown).map(({ executionId, flowId, status }) => ({ label: `${flowId} …${executionId.slice(-6)}: ${status}`, click: show })),
      { type: 'separator' },
      { label: 'Orders', click: show },
      { label: 'Inspector', click: inspect },
      { type: 'separator' },
      { label: 'Quit', click: () => app.quit() },
    ]));
  };
  draw([]);
  const follow = async (): Promise<void> => {
    for await (const { data, entries } of client.follow('executions')) {
      if (data || entries.length > 0) draw((await client.list({ status: ['pending', 'stepping', 'consolidating'], limit: 100 })).executions);
    }
  };
  void follow().catch(() => {});
  return tray;
}
