import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDisplay, WindowApp } from './window-app.ts';

const app = inject('app');
let display: Awaited<ReturnType<typeof openDisplay>>;
const open: WindowApp[] = [];
const button = (label: string): string => `[...document.querySelectorAll('.steering button')].find(found => found.textContent.includes('${label}') && !found.disabled)`;
const isWaiting = "return document.querySelector('tbody li:nth-child(2)')?.textContent === 'approve: waiting'";

describe.skipIf(inject('lacking') !== '')('the inspector in a window of WebKitGTK', () => {
  beforeAll(async () => void (display = await openDisplay()));
  afterEach(async () => {
    for (const begun of open.splice(0)) await begun.close();
  });
  afterAll(() => display.close());

  it("takes the app's port: lists what runs, holds an order that the app's own window then cannot move, and lets it go on", async () => {
    const shell = new WindowApp(app, display.name);
    open.push(shell);
    const orders = await shell.open({ title: 'Orders', page: join(app, 'out/index.html') });
    const executionId = String(await shell.run(orders, "return (await client.start('order', { input: { what: 'chair' } })).executionId"));
    await shell.until(orders, isWaiting);
    const inspector = await shell.open({ title: 'Inspector', page: join(app, 'out/inspector/index.html'), scopes: ['read', 'run', 'operate', 'debug'], hasModules: true });
    await shell.until(inspector, "return document.querySelector('.wire')?.textContent === 'Live'");
    await shell.until(inspector, `return document.querySelector('.execution-row')?.textContent.includes('${executionId}')`);
    await shell.run(inspector, `location.hash = '#/x/${executionId}'`);
    await shell.until(inspector, `return ${button('Pause')} !== undefined`);
    await shell.run(inspector, `${button('Pause')}.click()`);
    await shell.until(inspector, `return ${button('Resume')} !== undefined`);
    // Parts that are loaded when they are first shown are files, too.
    await shell.until(inspector, "return !document.body.textContent.includes('Reading …')");
    await shell.ask('picture', { file: join(app, 'pictures/inspector.png') });
    await shell.run(orders, "document.querySelector('tbody button').click(); await new Promise(resolve => setTimeout(resolve, 500))");
    expect(await shell.run(orders, isWaiting)).toBe(true);
    await shell.run(inspector, `${button('Resume')}.click()`);
    await shell.until(orders, "return document.querySelector('tbody td:nth-child(2)')?.textContent === 'scored'");
  });
});
