import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import { readActorView } from '../../src/kinds/actors/read-actor-view.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createPalette } from '../../src/views/terminal/palette.ts';
import { renderActor } from '../../src/views/terminal/actor-view.ts';
import { makeBatch } from '../persistence/conformance/fixtures.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { createFolder, run as runIn } from './program-harness.ts';

const key = `sk-${'a1'.repeat(12)}`;
const forever = new Promise(() => {});
const basket = setup({}).createMachine({ id: 'basket', context: { items: ['a \u001B[31mred book'] }, initial: 'open', states: { open: { after: { 3_600_000: 'old' } }, old: {} } });
const checkout = setup({
  types: {} as { context: { note: string; by: string | null }; events: { type: 'confirm'; by?: string } | { type: 'done' } },
  actors: { pay: fromPromise(() => forever), basket },
  actions: { post: () => forever as never },
}).createMachine({
  id: 'checkout',
  version: '7',
  context: { note: key, by: null },
  initial: 'cart',
  states: {
    cart: { invoke: { id: 'basket', src: 'basket' }, on: { confirm: { target: 'paying', actions: assign({ by: ({ event }) => event.by ?? null }) }, done: 'paid' }, after: { 86_400_000: 'paid' } },
    paying: { entry: { type: 'post' as const, params: { to: 'ann' } as never }, invoke: { id: 'payment', src: 'pay' }, on: { done: 'paid' } },
    paid: { type: 'final' },
  },
  output: { total: 3 },
});

let folder: ReturnType<typeof createFolder>;
let runtime: Runtime | undefined;
beforeEach(() => void (folder = createFolder()));
afterEach(async () => {
  await runtime?.stop({ timeoutMs: 0 });
  runtime = undefined;
  folder.remove();
});

const run = (...argv: readonly string[]) => runIn(['actors', ...argv], folder.path);
const runJson = async (...argv: readonly string[]): Promise<Record<string, unknown>> => JSON.parse((await run(...argv, '--json')).stdout) as Record<string, unknown>;

async function open(...ids: readonly string[]): Promise<void> {
  runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'flowstone.db'), durability: 'process' }), machines: [checkout] });
  for (const id of ids) await runtime.spawn(checkout, { id });
}

describe('flowstone actors', () => {
  it('lists actors page by page, by status and by machine, while their process goes on', async () => {
    await open('a', 'b', 'c');
    await (await runtime?.actor('b'))?.send({ type: 'done' } as never);
    expect((await run()).stdout).toMatch(/a +active +checkout +cart +.*or an event\n b +done +checkout +paid +nothing\n c +active/);
    const ids = async (...argv: readonly string[]) => {
      const { actors, next } = (await runJson('list', ...argv)) as { actors: { id: string }[]; next: string | null };
      return [actors.map(({ id }) => id).join(''), next];
    };
    expect(await ids('--limit', '2')).toEqual(['ab', 'b']);
    expect(await ids('--limit', '2', '--after', 'b')).toEqual(['c', null]);
    expect(await ids('--status', 'done')).toEqual(['b', null]);
    expect(await ids('--machine', 'other')).toEqual(['', null]);
    expect((await run('--limit', '1')).stdout).toContain('there are more: --after a');
    expect((await run('--machine', 'other')).stdout).toMatch(/^No actors like that in /);
  });

  it('shows an actor with its data, its tree, what is to come and what it took, without secrets and control characters', async () => {
    await open('order-17');
    const { stdout } = await run('order-17');
    expect(stdout).toMatch(/order-17 {2}active {2}cart\n +machine +checkout 7\n/);
    expect(stdout).toMatch(/└─ basket +active +basket "open"/);
    expect(stdout).toMatch(/in (1h|59m.*) +order-17\/basket +\{"type":"xstate.after.3600000.basket.open"\}/);
    expect(stdout).toContain('[redacted]');
    expect(stdout).not.toContain(key);
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
    const document = await runJson('show', 'order-17');
    expect(document).toMatchObject({
      id: 'order-17', address: 'order-17', status: 'active', value: 'cart', machineId: 'checkout', machineVersion: '7', context: { note: '[redacted]' }, output: null,
      children: [{ id: 'basket', address: 'order-17/basket', src: 'basket', status: 'active', value: 'open', context: { items: ['a \u001B[31mred book'] } }],
      delayed: [{ address: 'order-17/basket' }, { address: 'order-17' }], actions: [], events: [],
    });
    expect(document).not.toHaveProperty('root');
    const child = await runJson('order-17/basket');
    expect(child).toMatchObject({ address: 'order-17/basket', value: 'open', delayed: [{ event: { type: 'xstate.after.3600000.basket.open' } }] });
    expect((child['delayed'] as unknown[])).toHaveLength(1);
  });

  it('sends an event through the process that runs the machine, and shows what has come of it', async () => {
    await open('order-17');
    expect(await run('send', 'order-17', 'confirm', '--data', '{"by":"ann"}')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Sent confirm to order-17, in process \d+\. It is active now, in paying\./) });
    expect(await runJson('order-17', '--limit', '1')).toMatchObject({
      value: 'paying', context: { by: 'ann' }, transitions: 3, children: [{ id: 'payment', src: 'pay', status: 'active' }],
      actions: [{ effectId: expect.stringMatching(/^order-17@.*1:0$/), address: 'order-17', type: 'post', params: { to: 'ann' } }],
      events: [{ transition: 2, address: 'order-17/basket', event: { type: 'xstate.stop' } }],
    });
    expect((await run('order-17')).stdout).toMatch(/actions to be done[\s\S]*post \{"to":"ann"\}[\s\S]*events[\s\S]*1 .* order-17 +\{"type":"confirm","by":"ann"\}/);
    expect(await runJson('send', 'order-17', 'done')).toMatchObject({ address: 'order-17', event: 'done', taken: true, status: 'done', value: 'paid', deliveredTo: process.pid });
    expect(await run('send', 'order-17', 'done')).toMatchObject({ code: 1, stdout: 'order-17 had ended before (done, in paid); nothing was changed.\n' });
  });

  it('stops an actor and all below it', async () => {
    await open('order-17');
    expect(await run('stop', 'order-17/basket')).toMatchObject({ code: 2, stderr: expect.stringContaining('actor_not_root') });
    expect(await run('stop', 'order-17')).toMatchObject({ code: 0, stdout: 'Stopped order-17 and all actors below it.\n' });
    expect((await runtime?.actors())?.[0]).toMatchObject({ status: 'stopped' });
    expect(await runJson('stop', 'order-17')).toMatchObject({ address: 'order-17', stopped: false, status: 'stopped' });
    expect(await run('stop', 'order-17')).toMatchObject({ code: 1 });
  });

  it('changes nothing when no process has the machine', async () => {
    await open('order-17');
    await runtime?.stop();
    runtime = undefined;
    for (const words of [['send', 'order-17', 'done'], ['stop', 'order-17']]) {
      expect(await run(...words)).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/^flowstone: Expected a process .*found none.* \(actor_owner_missing\)\n$/) });
    }
    expect(await runJson('order-17')).toMatchObject({ status: 'active', value: 'cart' });
  });

  it('passes on what the machine refuses, and that a process does not have it', async () => {
    await open('order-17');
    await runtime?.stop();
    runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'flowstone.db') }) });
    expect(await run('send', 'order-17', 'done')).toMatchObject({ code: 3, stderr: expect.stringContaining('(actor_machine_missing)') });
  });

  it.each([
    [['show'], 'got no id'],
    [['sendd', 'a', 'b'], 'did you mean `send`'],
    [['send', 'a'], 'flowstone actors send ID EVENT'],
    [['send', 'a', ' '], 'got an empty text'],
    [['send', 'a', 'xstate.done'], "are XState's"],
    [['send', 'a', 'x', '--data', '[1]'], 'got a list of 1'],
    [['send', 'a', 'x', '--data', '{"type":"y"}'], 'Expected --data without `type`'],
    [['send', 'a', 'x', '--data', '{'], 'argument_not_json'],
    [['send', 'a', 'x', '--limit', '3'], 'Expected no --limit'],
    [['--status', 'actve'], 'did you mean `active`'],
    [['--limit', '0'], 'Expected an integer ≥ 1'],
    [['nobody'], '`nobody`, which is not in'],
    [['a/nobody'], '`a/nobody`, which is not in'],
    [['stop', 'nobody'], '`nobody`, which is not in'],
  ])('answers %j with one clear error', async (words, said) => {
    // The others are seen before anything is opened.
    if (said.includes('is not in')) await open('a');
    const { code, stdout, stderr } = await run(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('says that there is no database yet', async () => {
    expect(await run()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No actors: there is no database at /) });
    expect(await run('a')).toMatchObject({ code: 2 });
  });
});

describe('what is to be done yet', () => {
  it('names actions by the ids they are given, and messages by whom they are for', async () => {
    const store = createMemoryStore();
    const own = await createRuntime({ store });
    const head = { transition: 4, sessions: 1, parts: 0, root: { id: 'a', session: 'x:k3.1', status: 1, snapshot: { status: 'active', value: 'on' } } };
    const undone = [{ id: '4:0', session: 'x:k3.1', type: 'post', params: { to: 'ann' } }, { id: '4:1', session: 'x:k3.1', type: 'go', event: { type: 'go' }, to: 'b/child#x:k9.2' }];
    const row = { actorId: 'a', machineId: 'm', machineVersion: '', machineDigest: 'd', status: 'active', wakeAt: 0, tree: JSON.stringify({ ...head, open: undone }), seq: 4, createdAt: 0, settledAt: null } as const;
    await store.commit(makeBatch({ actors: { put: [row] } }));
    const view = await readActorView(store, 'a', 10);
    expect(view?.actions).toEqual([{ effectId: 'a@k3.4:0', address: 'a', type: 'post', params: { to: 'ann' } }, { effectId: 'a@k3.4:1', address: 'a', type: 'go', to: 'b/child' }]);
    const text = view ? renderActor(view, view.root, 0, 80, createPalette({ colors: false, unicode: true })) : '';
    expect(text).toMatch(/a@k3\.4:0 +a +post \{"to":"ann"\}\n +a@k3\.4:1 +a +send go to b\/child\n/);
    await own.stop({ timeoutMs: 0 });
  });
});

describe('the last events of an actor', () => {
  it('are found however many transitions were no events', async () => {
    const store = createMemoryStore();
    const own = await createRuntime({ store, machines: [checkout] });
    const actor = await own.spawn(checkout, { id: 'a' });
    await actor.send({ type: 'confirm' });
    await settleTicks();
    expect((await readActorView(store, 'a', 1))?.events.map(({ transition }) => transition)).toEqual([2]);
    expect((await readActorView(store, 'a', 5))?.events.map(({ event }) => event.type)).toEqual(['confirm', 'xstate.stop']);
    await own.stop({ timeoutMs: 0 });
  });
});
