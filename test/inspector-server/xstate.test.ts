import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createInspector, createWebSocketInspector, createWebSocketReceiver } from '@statelyai/inspect';
import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { assign, createActor, fromPromise, setup } from 'xstate';
import { createMemoryStore, createRuntime, defineFlow, defineTool } from '../../src/index.ts';
import { InspectedApp } from '../../src/inspector/graph/inspected-app.ts';
import type { InspectorOptions } from '../../src/inspector.ts';
import { createXStateInspector, openInspector } from '../../src/inspector.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const machine = setup({
  types: { context: {} as { n: number; done: unknown }, events: {} as { type: 'go'; by: string } },
  actors: { load: fromPromise(async () => 'loaded') },
}).createMachine({
  id: 'app', context: { n: 0, done: null }, initial: 'idle',
  states: {
    idle: { on: { go: { target: 'busy', actions: assign({ n: ({ context }) => context.n + 1 }) } } },
    busy: { invoke: { id: 'load', src: 'load', onDone: { target: 'end', actions: assign({ done: ({ event }) => event.output }) } } },
    end: { type: 'final' },
  },
});

async function open(options: InspectorOptions = {}) {
  const xstate = createXStateInspector();
  const work = defineTool({ name: 'work', run: async () => ({ ok: true }) });
  const flow = defineFlow({ id: 'f', steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }] });
  const runtime = await createRuntime({ store: createMemoryStore(), tools: [work], flows: [flow], machines: [machine], inspect: xstate.inspect });
  const inspector = await openInspector(runtime, { xstate, ...options });
  closing.push(() => runtime.stop(), () => inspector.close());
  return { runtime, inspector, xstate };
}

/** What Stately's own receiver hears, once it is connected. */
async function listen(server: string): Promise<{ readonly heard: StatelyInspectionEvent[]; readonly until: (isThere: (heard: StatelyInspectionEvent[]) => boolean) => Promise<void> }> {
  const heard: StatelyInspectionEvent[] = [];
  createWebSocketReceiver({ server }).subscribe(event => void heard.push(event));
  return { heard, until: async isThere => {
    while (!isThere(heard)) await nextTurn();
  } };
}

/** Without what differs from run to run. */
const toComparable = (event: object): object => {
  const { definition, ...members } = event as Record<string, unknown>;
  const rest = Object.entries(members).filter(([name]) => !['createdAt', '_version', 'rootId', 'seq', 'executionId'].includes(name));
  // Here states are in the order in which they were written, there by their names.
  return JSON.parse(JSON.stringify({ ...Object.fromEntries(rest), ...(typeof definition === 'string' && { definition: JSON.parse(definition) as unknown }) })) as object;
};

it('tells Stately\'s receiver of the actors of flows: those that are there, as they are, then each event and snapshot', async () => {
  const { runtime, inspector } = await open();
  await (await runtime.start('f')).settled();
  const { heard, until } = await listen(inspector.xstateUrl);
  await until(all => all.length >= 4);
  const known = heard.map(event => [event.type, event.sessionId.replace(/flow:[^/]+/, 'flow')]);
  expect(known).toEqual([['@xstate.actor', 'orchestrator'], ['@xstate.actor', 'orchestrator/flow'], ['@xstate.actor', 'orchestrator/flow/step:a'], ['@xstate.actor', 'orchestrator/flow/step:b']]);
  const { executionId } = await runtime.start('f');
  await runtime.settled(executionId);
  await until(all => all.some(event => event.type === '@xstate.snapshot' && event.sessionId === `orchestrator/flow:${executionId}` && (event.snapshot as { value?: string }).value === 'scored'));
  const own = heard.filter(({ sessionId }) => sessionId.startsWith(`orchestrator/flow:${executionId}`));
  const births = own.flatMap(event => (event.type === '@xstate.actor' ? [[event.sessionId.split('/').at(-1)?.split(':')[0], (event.snapshot as { value?: string }).value]] : []));
  expect(births).toEqual([['flow', 'pending'], ['step', 'pending'], ['step', 'pending']]);
  const steps = own.flatMap(event => (event.type === '@xstate.snapshot' && event.sessionId.endsWith('step:a') ? [(event.snapshot as { value?: string }).value] : []));
  expect(steps).toEqual(['pending', 'running', 'completed']);
  expect(own.map(event => (event as unknown as { seq: number }).seq)).toEqual(own.map((_, index) => (own[0] as unknown as { seq: number }).seq + index));
});

it('tells of a live actor of XState what Stately\'s own package tells of it', async () => {
  const { runtime, inspector, xstate } = await open();
  await runtime.spawn(machine, { id: 'one' });
  const { heard, until } = await listen(inspector.xstateUrl);
  await until(all => all.length > 0);
  const theirs: StatelyInspectionEvent[] = [];
  const stately = createInspector({ send: event => void theirs.push(event) });
  const actor = createActor(machine, { inspect: event => {
    xstate.inspect(event);
    stately.inspect.next?.(event);
  } });
  const ended = new Promise<void>(resolve => actor.subscribe({ complete: resolve }));
  await nextTurn();
  actor.start();
  actor.send({ type: 'go', by: 'somebody' });
  await ended;
  const isOurs = ({ rootId }: StatelyInspectionEvent): boolean => rootId === actor.sessionId;
  await until(all => theirs.some(({ type, event }: { type: string; event?: { type: string } }) => type === '@xstate.snapshot' && event?.type === 'xstate.promise.resolve') && all.filter(isOurs).length >= theirs.length);
  const [mine, other] = [heard.filter(isOurs), theirs].map(events => events.map(toComparable)) as [{ type: string }[], { type: string }[]];
  // They encode an actor when they come to it, and say where it is by then; here it is told where it was.
  const withoutBirths = (events: readonly { type: string; snapshot?: unknown }[]): object[] => events.map(({ snapshot, ...event }) => (event.type === '@xstate.actor' ? event : { ...event, snapshot }));
  expect(withoutBirths(mine)).toEqual(withoutBirths(other));
});

it('takes what an application of XState tells, which is drawn', async () => {
  const { inspector } = await open();
  const before = new WebSocket(inspector.xstateUrl);
  const page = new InspectedApp();
  const taken: unknown[] = [];
  before.on('message', data => {
    const told = JSON.parse((data as Buffer).toString()) as { app?: number };
    if (told.app === 1) taken.push(page.take(told));
  });
  await once(before, 'open');
  const application = createWebSocketInspector({ url: inspector.xstateUrl });
  closing.push(() => application.stop(), () => before.close());
  const actor = createActor(machine, { inspect: application.inspect });
  actor.start();
  actor.send({ type: 'go', by: 'somebody' });
  while (page.actors.get(actor.sessionId)?.status !== 'done') await nextTurn();
  const drawn = page.actors.get(actor.sessionId);
  expect([drawn?.name, drawn?.value, [...(drawn?.active ?? [])].length > 0, page.refused, taken.includes(undefined)]).toEqual(['app', 'end', true, 0, false]);
  // Who comes later is told what was told last.
  const { until } = await listen(inspector.xstateUrl);
  await until(all => all.some(event => event.sessionId === actor.sessionId && event.type === '@xstate.snapshot'));
});

it('takes out secrets, and lets nobody in without its key, from a foreign page, or with what is no message', async () => {
  const { runtime, inspector } = await open({ secrets: ['a-secret-of-mine'], origins: ['http://localhost:5173'] });
  const actor = await runtime.spawn(machine, { id: 'one' });
  const heard: string[] = [];
  const page = new WebSocket(inspector.xstateUrl);
  page.on('message', data => heard.push((data as Buffer).toString()));
  await once(page, 'open');
  await actor.send({ type: 'go', by: 'a-secret-of-mine' });
  while (!heard.some(text => text.includes('[redacted]'))) await nextTurn();
  expect(heard.join('')).not.toContain('a-secret-of-mine');
  page.close();
  const refuse = async (url: string, headers: Record<string, string> = {}): Promise<number | undefined> => {
    const socket = new WebSocket(url, { headers });
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
    socket.on('error', () => {});
    socket.terminate();
    return answer.statusCode;
  };
  expect(await refuse(inspector.xstateUrl.replace(/key=.*/, 'key=wrong-but-long-enough'))).toBe(401);
  expect(await refuse(inspector.xstateUrl.replace(/\?.*/, ''))).toBe(401);
  expect(await refuse(inspector.xstateUrl, { origin: 'http://evil.example' })).toBe(403);
  expect(await refuse(inspector.xstateUrl, { host: 'evil.example' })).toBe(403);
  const named = new WebSocket(inspector.xstateUrl, { origin: 'http://localhost:5173' });
  await once(named, 'open');
  named.send('{"type":"@xstate.steer"}');
  expect((await once(named, 'close'))[0]).toBe(1008);
});
