import { createWebSocketInspector } from '@statelyai/inspect';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assign, createActor, setup } from 'xstate';
import { createMemoryStore, createRuntime, type Runtime } from '../../src/index.ts';
import { createXStateInspector, type Inspector, openInspector } from '../../src/inspector.ts';
import { findSerious } from './find-serious.ts';
import { openChromium, type OpenChromium } from './open-chromium.ts';

const light = setup({ types: { context: {} as { n: number } } }).createMachine({
  id: 'light', context: { n: 0 }, initial: 'red',
  states: { red: { on: { go: { target: 'green', actions: assign({ n: ({ context }) => context.n + 1 }) } } }, green: { on: { stop: 'red' } } },
});

let runtime: Runtime;
let inspector: Inspector;
let chromium: OpenChromium;
let page: Page;

beforeEach(async () => {
  const xstate = createXStateInspector();
  runtime = await createRuntime({ store: createMemoryStore(), machines: [light], inspect: xstate.inspect });
  inspector = await openInspector(runtime, { xstate });
  chromium = await openChromium({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  page = chromium.context.pages()[0] ?? (await chromium.context.newPage());
});

afterEach(async () => {
  await chromium[Symbol.asyncDispose]();
  await inspector.close();
  await runtime.stop({ timeoutMs: 0 });
});

it('draws any application of XState that tells here, and this runtime\'s own actors, as they move', async () => {
  const own = await runtime.spawn(light, { id: 'own' });
  await page.goto(inspector.url);
  await page.getByRole('link', { name: 'Applications' }).click();
  await page.getByText('this runtime').waitFor();
  const application = createWebSocketInspector({ url: inspector.xstateUrl });
  const actor = createActor(light, { inspect: application.inspect });
  actor.start();
  await page.getByText('application 1').waitFor();
  await page.getByRole('option', { name: 'application 1' }).click();
  const machine = page.getByRole('region', { name: 'Machine' });
  await machine.getByText('green').first().waitFor({ state: 'attached' });
  const row = page.getByRole('option', { name: 'application 1' });
  await row.getByText('"red"').waitFor();
  actor.send({ type: 'go' });
  await row.getByText('"green"').waitFor();
  await page.getByRole('region', { name: 'Actor', exact: true }).getByText('go', { exact: true }).first().waitFor();
  await own.send({ type: 'go' });
  await page.getByRole('option', { name: 'this runtime' }).getByText('"green"').waitFor();
  expect(await findSerious(page)).toEqual([]);
  application.stop();
});
