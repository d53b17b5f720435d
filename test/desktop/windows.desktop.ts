import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { isAlive } from '../electron/is-alive.ts';
import { listFamily, openDisplay, WindowApp } from './window-app.ts';

const app = inject('app');
let display: Awaited<ReturnType<typeof openDisplay>>;
const open: WindowApp[] = [];
const begin = (): WindowApp => {
  const begun = new WindowApp(app, display.name);
  open.push(begun);
  return begun;
};
const orders = { title: 'Orders', page: join(app, 'out/index.html') };
const isConnected = "return document.querySelector('[role=status]')?.textContent === 'connected'";
const isWaiting = "return document.querySelector('tbody li:nth-child(2)')?.textContent === 'approve: waiting'";
const order = (what: string): string => `return (await client.start('order', { input: { what: ${JSON.stringify(what)} }, labels: { what: ${JSON.stringify(what)} } })).executionId`;

/** TCP sockets that processes have open, by their tables and their descriptors. */
function listTcpSockets(pids: readonly number[]): string[] {
  return pids.flatMap(pid => {
    const inodes = new Set<string>();
    for (const table of ['tcp', 'tcp6']) {
      for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1)) inodes.add(line.trim().split(/\s+/)[9] ?? '');
    }
    return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
        return inode !== undefined && inodes.has(inode) ? [`${pid}: ${inode}`] : [];
      } catch {
        return [];
      }
    });
  });
}

describe.skipIf(inject('lacking') !== '')('the example in windows of WebKitGTK', () => {
  beforeAll(async () => void (display = await openDisplay()));
  afterEach(async () => {
    for (const begun of open.splice(0)) {
      const family = listFamily(begun.shell.pid ?? 0);
      await begun.close();
      expect(family.filter(isAlive)).toEqual([]);
    }
  });
  afterAll(() => display.close());

  it('show an order from its start to its end, and open no TCP port', async () => {
    const shell = begin();
    const window = await shell.open(orders);
    await shell.until(window, isConnected);
    const what = 'A <b>bold</b> chair';
    await shell.run(window, order(what));
    await shell.until(window, isWaiting);
    await shell.ask('picture', { file: join(app, 'pictures/waiting.png') });
    const family = listFamily(shell.shell.pid ?? 0);
    expect(family.length).toBeGreaterThan(3);
    expect(family).toContain(shell.pid);
    expect(listTcpSockets(family)).toEqual([]);
    await shell.run(window, "document.querySelector('tbody button').click()");
    await shell.until(window, "return document.querySelector('tbody td:nth-child(2)')?.textContent === 'scored'");
    // What people type is text.
    expect(await shell.run(window, "return document.querySelector('tbody td').textContent")).toBe(what);
  });

  it('find an order where it was when they are closed and opened in mid-flow', async () => {
    const shell = begin();
    const first = await shell.open(orders);
    await shell.run(first, order('chair'));
    await shell.until(first, isWaiting);
    expect(await shell.ask('close', { window: first })).toBe(0);
    const second = await shell.open(orders);
    await shell.until(second, isWaiting);
    expect(await shell.run(second, "return [...document.querySelectorAll('tbody li')].map(({ textContent }) => textContent)")).toEqual(['reserve: completed', 'approve: waiting', 'ship: pending']);
    await shell.run(second, "document.querySelector('tbody button').click()");
    await shell.until(second, "return document.querySelector('tbody td:nth-child(2)')?.textContent === 'scored'");
  });

  it('show that the runtime is begun again when it is killed, and go on', async () => {
    const shell = begin();
    const window = await shell.open(orders);
    await shell.run(window, order('chair'));
    await shell.until(window, isWaiting);
    process.kill(shell.pid ?? 0, 'SIGKILL');
    await shell.until(window, "return document.querySelector('[role=status]').textContent === 'the runtime is begun again'");
    await shell.until(window, isConnected);
    await shell.run(window, "document.querySelector('tbody button').click()");
    await shell.until(window, "return document.querySelector('tbody td:nth-child(2)')?.textContent === 'scored'");
  });

  it('begin their page again when its process is killed, and find an order where it was', async () => {
    const shell = begin();
    const window = await shell.open(orders);
    await shell.run(window, order('chair'));
    await shell.until(window, isWaiting);
    const listPages = (): number[] => listFamily(shell.shell.pid ?? 0).filter(pid => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('WebKitWebProces'));
    const killed = listPages();
    expect(killed).toHaveLength(1);
    process.kill(killed[0] ?? 0, 'SIGKILL');
    // Until it is there again, whatever is asked of the page fails.
    await expect.poll(() => shell.run(window, isWaiting).catch(() => false), { timeout: 120_000 }).toBe(true);
    expect(listPages()).not.toContain(killed[0]);
    await shell.run(window, "document.querySelector('tbody button').click()");
    await shell.until(window, "return document.querySelector('tbody td:nth-child(2)')?.textContent === 'scored'");
  });

  it("may only do what their app may: the inspector's window does more", async () => {
    const shell = begin();
    const window = await shell.open(orders);
    const executionId = String(await shell.run(window, order('chair')));
    await shell.run(window, `await client.cancel('${executionId}')`);
    const tryDelete = `return client.delete('${executionId}').catch(({ code }) => code)`;
    expect(await shell.run(window, tryDelete)).toBe('scope_missing');
    // Whatever a page says to the shell, and through it: lines of its own, the shell's words, the number of another window.
    await shell.run(window, `
      const say = text => window.webkit.messageHandlers.flowstone.postMessage(text);
      say('text 1 null\\n0 {"type":"connect","scopes":["operate"],"port":77}');
      say('text 77 {"type":"hello","versions":[1]}');
      say('open 5\\n0 {"type":"stop","timeoutMs":0}');
      say('{"type":"stop","timeoutMs":0}');
      await new Promise(resolve => setTimeout(resolve, 300));
    `);
    expect(shell.state).toBe('running');
    const inspector = await shell.open({ ...orders, title: 'Inspector', scopes: ['read', 'run', 'operate', 'debug'] });
    expect(await shell.run(inspector, tryDelete)).toBe(1);
  });

  it('stay on their page, and open no others', async () => {
    const shell = begin();
    const window = await shell.open(orders);
    await shell.until(window, isConnected);
    await shell.run(window, "location.href = 'file:///etc/hostname'; window.open('about:blank'); await new Promise(resolve => setTimeout(resolve, 300));");
    expect(await shell.run(window, 'return location.pathname')).toBe(orders.page);
    await shell.until(window, isConnected);
  });

  it('are left by their runtime when it is to stop for an update, and have it back when that is put off', async () => {
    const shell = begin();
    const window = await shell.open(orders);
    await shell.run(window, order('chair'));
    await shell.until(window, isWaiting);
    const { pid } = shell;
    expect(await shell.ask('stop')).toBe('stopped');
    expect(isAlive(pid)).toBe(false);
    await shell.ask('start');
    await shell.until(window, isConnected);
    await shell.until(window, isWaiting);
  });

  it('leave no process behind when the shell is killed', async () => {
    const shell = begin();
    const window = await shell.open(orders);
    await shell.until(window, isConnected);
    const family = listFamily(shell.shell.pid ?? 0);
    shell.shell.kill('SIGKILL');
    for (const end = performance.now() + 30_000; performance.now() < end && family.some(isAlive); ) await new Promise(resolve => setTimeout(resolve, 20));
    expect(family.filter(isAlive)).toEqual([]);
  });

  it('have an answer to each of thousands of requests, of all sizes', async () => {
    const shell = begin();
    const window = await shell.open(orders);
    await shell.until(window, isConnected);
    // A request that is lost on its way is never answered; what is torn is no message.
    const missing = await shell.run(window, `
      let answered = 0;
      const asked = Array.from({ length: 4000 }, (_, n) => client.list({ labels: { n: 'x'.repeat(n % 190) } }).then(() => answered++));
      await Promise.race([Promise.all(asked), new Promise(resolve => setTimeout(resolve, 60000))]);
      return 4000 - answered;
    `);
    expect(missing).toBe(0);
    expect(await shell.run(window, 'return client.connection.state.connections')).toBe(1);
  });
});
