import { Window } from 'happy-dom';
import { act, createElement } from 'react';
import type { FunctionComponent } from 'react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FlowstoneClient } from '../../src/client.ts';
import { connect } from '../../src/client.ts';
import { createMemoryStore, createRuntime, defineFlow } from '../../src/index.ts';
import type { Runtime } from '../../src/index.ts';
import { FlowstoneContext, useConnection, useExecution, useExecutions, useFlowstone } from '../../src/react.ts';
import type { Server } from '../../src/server.ts';
import { createServer } from '../../src/server.ts';
import { until as waitUntil } from '../kit/until.ts';

const token = 'test-token-of-32-characters-0000';
const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
/** A page beside Node.js's own WebSocket and fetch. React looks for it when it is loaded. */
const window = new Window();
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
const { createRoot } = await import('react-dom/client');
const { body } = window.document;

let runtime: Runtime;
let server: Server;
let client: FlowstoneClient;
let url = '';
let root: ReturnType<typeof createRoot>;

beforeEach(async () => {
  runtime = await createRuntime({ store: createMemoryStore(), flows: [waiting] });
  server = createServer(runtime, { auth: { token } });
  ({ url } = await server.listen({ port: 0 }));
  client = connect(url, { token });
  const place = window.document.createElement('div');
  body.append(place);
  root = createRoot(place as unknown as Parameters<typeof createRoot>[0]);
});

afterEach(async () => {
  await act(async () => root.unmount());
  body.innerHTML = '';
  client.close();
  await server.close();
  await runtime.stop();
});

async function show(component: FunctionComponent): Promise<void> {
  await act(async () => root.render(createElement(FlowstoneContext, { value: client }, createElement(component))));
}

/** Waits within `act`, so that React draws what comes meanwhile. */
const until = (isTrue: () => boolean): Promise<void> => waitUntil(async () => {
  await act(async () => new Promise(resolve => setImmediate(resolve)));
  return isTrue();
}, 'what the page is to show');

it('shows an execution as it goes on, and stops following when nobody looks', async () => {
  const { executionId } = await runtime.start('waiting');
  await show(() => {
    const { value } = useExecution(executionId);
    return createElement('p', null, value ? `${value.status} ${value.steps.map(step => step.status).join()}` : 'nothing');
  });
  await until(() => body.textContent === 'stepping waiting');
  await runtime.signal(executionId, 'go');
  await until(() => body.textContent === 'scored completed');
});

it('lists executions with a label, and those that come', async () => {
  await runtime.start('waiting', { labels: { team: 'south' } });
  await show(() => {
    const { value = [] } = useExecutions({ labels: { team: 'north' }, limit: 10 });
    return createElement('p', null, `${value.length}: ${value.map(({ status }) => status).join()}`);
  });
  await until(() => body.textContent === '0: ');
  const { executionId } = await runtime.start('waiting', { labels: { team: 'north' } });
  await until(() => body.textContent === '1: stepping');
  await runtime.cancel(executionId);
  await until(() => body.textContent === '1: failed');
});

it('says how the connection stands, and what cannot be followed', async () => {
  await show(() => {
    const { value } = useConnection();
    const { error } = useExecution('nobody');
    return createElement('p', null, `${value} ${(error as { code?: string } | undefined)?.code ?? ''}`);
  });
  await until(() => body.textContent === 'open execution_not_found');
  await act(async () => server.close());
  await until(() => body.textContent.startsWith('waiting'));
});

it('wants a client above it', () => {
  expect(() => useFlowstone()).toThrow();
});
