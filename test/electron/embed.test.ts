import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeClient } from '../../src/runtime/client-api.ts';
import { embed } from '../../src/desktop/embed.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { buildUtility } from './build-utility.ts';
import { createFakeElectron } from './fake-electron.ts';
import { until } from '../kit/until.ts';
import { FakeApp } from './fake-app.ts';
import { isAlive } from './is-alive.ts';

const apps: FakeApp[] = [];
let utility: Awaited<ReturnType<typeof buildUtility>>;
const begin = (options?: ConstructorParameters<typeof FakeApp>[0]): FakeApp => {
  const app = new FakeApp({ utility: utility.file, ...options });
  apps.push(app);
  return app;
};

/** For whoever neither ends nor counts anything. */
let shared: FakeApp;

async function close(app: FakeApp): Promise<void> {
  const pids = app.fake.processes.map(({ pid }) => pid);
  await app.close();
  expect(pids.filter(isAlive)).toEqual([]);
}

beforeAll(async () => {
  utility = await buildUtility();
  shared = new FakeApp({ utility: utility.file });
});

afterEach(async () => {
  for (const app of apps.splice(0)) await close(app);
});

afterAll(async () => {
  await close(shared);
  expect(shared.fake.processes).toHaveLength(1);
  utility.remove();
});

/** Kills of the runtime's process; a window sees 50 of them in test/desktop. */
const deaths = 3;

/** Until a flow stands where it waits for its signal. */
async function untilWaiting(client: RuntimeClient, executionId: string): Promise<void> {
  for (;;) {
    const { steps } = await client.get(executionId);
    if (steps[1]?.status === 'waiting') return expect(steps.map(({ status }) => status)).toEqual(['completed', 'waiting', 'pending']);
  }
}

describe('an app with its runtime in a utility process', () => {
  it('starts a flow from a window and follows it to its end', async () => {
    const { client } = shared.openWindow();
    const { executionId } = await client.start('order', { input: { n: 1 } });
    await client.signal(executionId, 'approved');
    expect(await client.settled(executionId)).toMatchObject({ status: 'scored' });
  });

  it('finds a flow where it was when its window is closed and opened in mid-flow', async () => {
    const app = shared;
    const first = app.openWindow();
    const { executionId } = await first.client.start('order', { input: { n: 1 } });
    await untilWaiting(first.client, executionId);
    first.window.webContents.destroy();
    const { client } = app.openWindow();
    await untilWaiting(client, executionId);
    await client.signal(executionId, 'approved');
    await client.settled(executionId);
    expect(app.ledger.filter(line => line.startsWith(executionId))).toHaveLength(2);
  });

  it('gives a page that is loaded anew a port of its own, and closes the one before', async () => {
    const app = shared;
    const { window, raw } = app.openWindow();
    await raw.request('list', {});
    const { client } = app.connect(window.webContents.load());
    expect(await client.list({ labels: { none: 'none' } })).toMatchObject({ executions: [] });
  });

  it("lets a window with the app's rights do nothing that only the inspector may", async () => {
    const app = shared;
    const { client, raw } = app.openWindow();
    const { executionId } = await client.start('order', { input: { n: 1 } });
    await client.cancel(executionId);
    expect(raw.connection?.welcome.scopes).toEqual(['read', 'run']);
    await expect(client.delete(executionId)).rejects.toMatchObject({ code: 'scope_missing' });
    const inspector = app.openWindow({ scopes: ['read', 'run', 'operate'] });
    expect(await inspector.client.delete(executionId)).toBe(1);
  });

  it('takes nothing that a page says of its own rights', async () => {
    const app = shared;
    const window = app.fake.openWindow();
    app.embedded.admit(window as never);
    const bridge = window.webContents.load();
    const said: string[] = [];
    const port = await bridge.open(text => said.push(text), () => {});
    // The words of the main process, in place of a window's; and a token.
    port.post('{"type":"connect","scopes":["operate"]}');
    port.post('{"type":"hello","versions":[1],"token":"all","scopes":["operate"]}');
    port.post('{"type":"hello","versions":[1],"token":"all"}');
    port.post('{"type":"request","id":1,"method":"prune","params":{"settledBefore":1,"limit":1}}');
    await until(() => said.length >= 4, 'all is answered');
    expect(said.map(text => JSON.parse(text) as unknown)).toMatchObject([
      { type: 'error', code: 'message_unknown' }, { type: 'error', code: 'field_unknown' }, { type: 'welcome', scopes: ['read', 'run'] }, { type: 'error', code: 'scope_missing' },
    ]);
    port.close();
  });

  it('gives no port to a page that was not admitted, and none to a frame within one that was', async () => {
    const app = shared;
    let opened = 0;
    const stranger = app.fake.openWindow();
    void stranger.webContents.load().open(() => {}, () => {}).then(() => opened++);
    const { window, client } = app.openWindow();
    await client.list();
    void window.webContents.load({}).open(() => {}, () => {}).then(() => opened++);
    await app.openWindow().client.list();
    expect(opened).toBe(0);
  });

  it('keeps a window on its page', () => {
    const { window } = shared.openWindow();
    expect(window.webContents.opensWindows?.()).toEqual({ action: 'deny' });
    let isPrevented = false;
    window.webContents.emit('will-navigate', { preventDefault: () => (isPrevented = true) });
    expect(isPrevented).toBe(true);
  });

  it('begins the process again when it is killed, and does once what was asked at that moment', async () => {
    const app = begin();
    const { client } = app.openWindow();
    const random = createSeededRandom(20);
    await client.list();
    const started: string[] = [];
    for (let n = 1; n <= deaths; n++) {
      const asked = client.start('order', { input: { n } });
      await new Promise(resolve => setTimeout(resolve, random.next() * 30));
      await app.kill();
      const { executionId, created } = await asked;
      expect(created).toBe(true);
      started.push(executionId);
    }
    for (const executionId of started) {
      await client.signal(executionId, 'approved');
      await client.settled(executionId);
    }
    expect((await client.list()).executions).toHaveLength(deaths);
    // Whatever was cut off was done again by the same key.
    expect(new Set(app.ledger.map(line => line.split(' ')[0])).size).toBe(2 * deaths);
    expect(app.fake.processes.length).toBe(deaths + 1);
  });

  it('waits with the end of the app until the runtime has stopped', async () => {
    const app = begin();
    await app.openWindow().client.list();
    const [child] = app.fake.processes;
    app.fake.app.quit();
    expect(app.fake.quits).toEqual([]);
    await until(() => app.fake.quits.length === 1, 'the app quits');
    expect(isAlive(child?.pid)).toBe(false);
    expect(app.fake.processes).toHaveLength(1);
    expect(app.embedded.state).toBe('stopped');
  });

  it('stops for an update, and goes on when that is put off', async () => {
    const app = begin();
    const { client } = app.openWindow();
    const { executionId } = await client.start('order', { input: { n: 1 } });
    await untilWaiting(client, executionId);
    await app.embedded.stop();
    expect(isAlive(app.pid)).toBe(false);
    const waiting = client.signal(executionId, 'approved');
    app.embedded.start();
    await waiting;
    await client.settled(executionId);
    expect(app.ledger).toHaveLength(2);
  });

  it('holds the app back no longer when an update is installed', async () => {
    const app = begin();
    await app.openWindow().client.list();
    app.fake.autoUpdater.emit('before-quit-for-update');
    app.fake.app.quit();
    expect(app.fake.quits).toHaveLength(1);
    await until(() => !isAlive(app.pid), 'the runtime has stopped');
  });

  it('stops when the user of Windows logs out', async () => {
    const app = begin();
    const { window, client } = app.openWindow();
    await client.list();
    window.emit('query-session-end', {});
    await until(() => app.embedded.state === 'stopped', 'the runtime has stopped');
    expect(isAlive(app.pid)).toBe(false);
  });

  it('is open to the main process, too', async () => {
    const app = shared;
    const { client } = app.connectMain();
    await client.start('order', { input: { n: 1 }, labels: { by: 'main' } });
    expect((await client.list({ labels: { by: 'main' } })).executions).toHaveLength(1);
  });

  it('says who owns the database when another process does, and goes on when that is gone', async () => {
    const first = begin();
    await first.openWindow().client.list();
    const second = begin({ args: ['--db', join(first.folder, 'app.db'), '--ledger', join(first.folder, 'ledger')] });
    await until(() => second.failures.length > 1, 'it has failed twice');
    expect(new Set(second.failures)).toEqual(new Set(['store_owned']));
    const { client } = second.openWindow();
    const listed = client.list();
    await first.embedded.stop();
    expect((await listed).executions).toEqual([]);
  });

  it('quits where the app runs already, and shows a window there', () => {
    const { electron, app } = createFakeElectron('nowhere', false);
    expect(embed({ electron, utility: 'none.ts' })).toBeUndefined();
    expect(app.listenerCount('second-instance')).toBe(0);
    let shown = 0;
    const first = begin({ show: () => shown++ });
    first.fake.app.emit('second-instance');
    expect(shown).toBe(1);
  });

  it('takes no option that it does not know', () => {
    const { electron } = createFakeElectron('nowhere');
    expect(() => embed({ electron, utillity: 'x' } as never)).toThrow(/`utillity`/);
  });
});
