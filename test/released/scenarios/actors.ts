import { assign, createMachine, fromPromise, fromTransition, sendParent, sendTo, setup, spawnChild } from 'xstate';
import type { FlowSource } from '../../../src/definition/schema.ts';
import type { RuntimeOptions } from '../../../src/runtime/api.ts';
import { approval } from '../../../docs/examples/approval-machine.tools.ts';
import type { Scenario, Stage } from '../stage.ts';

type Runtime = Awaited<ReturnType<Stage['open']>>;
const day = 86_400_000;
const echo = ({ input }: { readonly input: unknown }): unknown => input;

/** Keeps what is said of every root, and of the parts that are named. */
async function survey(stage: Stage, name: string, runtime: Runtime, ...addresses: string[]): Promise<void> {
  stage.record(`${name}.actors`, await runtime.actors());
  for (const address of addresses) {
    const actor = await runtime.actor(address);
    const { status, value, context, output, error } = actor.getSnapshot() as { status: string; value: unknown; context: unknown; output: unknown; error: unknown };
    stage.record(`${name}.${address}`, { status, value, context: JSON.parse(JSON.stringify(context ?? null, (key, field: unknown) => (key === 'parcel' ? '<actor>' : field))) as unknown, output, error: String(error) });
  }
}

const order = setup({
  types: {} as { context: { reminders: number; by: string | null }; events: { type: 'confirm'; by: string } | { type: 'ping' } },
}).createMachine({
  id: 'order', version: '1', context: { reminders: 0, by: null }, initial: 'cart',
  states: {
    cart: {
      after: { [day]: 'abandoned' }, on: { confirm: { target: 'paid', actions: assign({ by: ({ event }) => event.by }) } }, initial: 'quiet',
      states: { quiet: { after: { 3_600_000: 'reminded' } }, reminded: { entry: assign({ reminders: ({ context }) => context.reminders + 1 }), after: { 3_600_000: 'quiet' } } },
    },
    paid: { type: 'final' }, abandoned: { type: 'final' },
  },
  output: ({ context }) => ({ by: context.by }),
});

export const actors: Readonly<Record<string, Scenario>> = {
  'a machine waits, over crashes, and ends': async stage => {
    const open = async (): Promise<Runtime> => stage.open({ machines: [order], store: 'file' });
    const first = await open();
    await first.spawn(order, { id: 'order-1' });
    const second = await first.spawn(order, { id: 'order-2' });
    stage.record('unknown', await second.send({ type: 'ping' }));
    await stage.advance(3_600_000);
    await survey(stage, 'reminded', first, 'order-1');
    stage.record('persisted', second.getPersistedSnapshot());
    stage.crash();
    const next = await open();
    const again = await next.spawn(order, { id: 'order-2' });
    stage.record('same', [again.address, again.sessionId]);
    await again.send({ type: 'confirm', by: 'Ann' });
    stage.record('ended', await again.send({ type: 'ping' }));
    await stage.advance(3_600_000);
    await stage.advance(day);
    await survey(stage, 'end', next, 'order-1', 'order-2');
    stage.record('listed', [await next.actors({ status: 'done', limit: 1 }), await next.actors({ machineId: 'order', after: 'order-1' }), await next.actors({ machineId: 'other' })]);
    await stage.refusal('nobody', () => next.actor('nowhere'));
    await next.stop();
    for (const id of ['order-1', 'order-2']) await stage.run(`program.${id}`, 'actors', id);
    await stage.run('program.list', 'actors');
  },

  'promises are tried again, and run out of time': async stage => {
    const { idempotencyKeyOf } = stage.version.flowstone;
    const seen: unknown[] = [];
    const pay = fromPromise<string, { readonly what: string }>(({ input, self }) => {
      seen.push([input.what, idempotencyKeyOf(self)]);
      const tries = seen.filter(one => (one as unknown[])[0] === input.what).length;
      if (input.what === 'third' && tries === 3) return Promise.resolve('receipt');
      return input.what === 'hangs' ? new Promise(() => {}) : Promise.reject(Object.assign(new Error(`no ${tries}`), { code: 'refused' }));
    });
    const payment = setup({ actors: { pay }, types: {} as { context: { what: string; result: string }; input: string } }).createMachine({
      id: 'payment', version: '1', context: ({ input }) => ({ what: input, result: '' }), initial: 'paying',
      states: {
        paying: {
          invoke: {
            id: 'run', src: 'pay', input: ({ context }) => ({ what: context.what }),
            onDone: { target: 'paid', actions: assign({ result: ({ event }) => event.output }) },
            onError: { target: 'failed', actions: assign({ result: ({ event }) => `${String((event.error as { code?: string }).code)}: ${(event.error as Error).message}` }) },
          },
        },
        paid: { type: 'final' }, failed: { type: 'final' },
      },
    });
    const promises = { pay: { maxAttempts: 3, backoffMs: 1_000, timeoutMs: 5_000 } };
    const runtime = await stage.open({ machines: [{ machine: payment, promises }], store: 'file' });
    for (const id of ['third', 'hangs', 'never']) await runtime.spawn(payment, { id, input: id, ...(id === 'never' && { promises: { pay: { maxAttempts: 2 } } }) });
    await stage.rest();
    await survey(stage, 'first', runtime, 'third');
    for (let second = 0; second < 20; second++) await stage.advance(1_000);
    await survey(stage, 'end', runtime, 'third', 'hangs', 'never');
    stage.record('seen', seen);
    await stage.refusal('an option', () => runtime.spawn(payment, { id: 'x', input: 'x', promises: { other: { maxAttempts: 1 } } }));
  },

  'a promise cut off by crashes runs again, and not for ever': async stage => {
    let life = 0;
    const machine = setup({ actors: { work: fromPromise(() => new Promise<string>(() => {})), quick: fromPromise(async () => `life ${life}`) } }).createMachine({
      id: 'cut', version: '1', initial: 'first',
      states: { first: { invoke: { src: 'quick', onDone: 'second' } }, second: { invoke: { src: 'work', onDone: 'done', onError: 'broken' } }, done: {}, broken: { type: 'final' } },
    });
    const options: Partial<RuntimeOptions> = { machines: [machine], maxInterruptions: 2 };
    let runtime = await stage.open({ ...options, store: 'file' } as never);
    await runtime.spawn(machine, { id: 'a' });
    for (life = 1; life < 4; life++) {
      await stage.rest();
      await survey(stage, `life ${life}`, runtime, 'a');
      stage.crash();
      runtime = await stage.open({ ...options, store: 'file' } as never);
    }
    await stage.rest();
    await survey(stage, 'end', runtime, 'a');
  },

  'machines have children, and send to each other': async stage => {
    const parcel = createMachine({ id: 'parcel', version: '1', initial: 'packed', states: { packed: { on: { ship: { target: 'shipped', actions: sendParent({ type: 'shipped' }) } }, after: { 60_000: 'lost' } }, shipped: { type: 'final' }, lost: {} } });
    const count = fromTransition((state: number, event: { type: string }) => (event.type === 'add' ? state + 1 : state), 0);
    const shop = setup({ actors: { parcel, count }, types: {} as { context: { shipped: number }; events: { type: 'pack' | 'ship' | 'shipped' | 'tell'; to?: never } } }).createMachine({
      id: 'shop', version: '1', context: { shipped: 0 }, initial: 'open', invoke: { id: 'counter', src: 'count', systemId: 'counter' },
      states: {
        open: {
          on: {
            pack: { actions: spawnChild('parcel', { id: 'parcel-1' }) }, ship: { actions: sendTo('parcel-1', { type: 'ship' }) },
            shipped: { actions: [assign({ shipped: ({ context }) => context.shipped + 1 }), sendTo('counter', { type: 'add' })] },
            tell: { actions: sendTo(({ event }) => event.to as never, { type: 'confirm', by: 'shop' } as never, { delay: 1_000 }) },
          },
        },
      },
    });
    const open = async (): Promise<Runtime> => stage.open({ machines: [shop, order], store: 'file' });
    const first = await open();
    const one = await first.spawn(shop, { id: 'shop' });
    const two = await first.spawn(order, { id: 'order' });
    await one.send({ type: 'pack' });
    await stage.advance(1_000);
    await survey(stage, 'packed', first, 'shop', 'shop/parcel-1', 'shop/counter');
    await one.send({ type: 'ship' });
    await stage.rest();
    await one.send({ type: 'tell', to: two as never });
    await stage.rest();
    stage.crash();
    const second = await open();
    await stage.advance(1_000);
    await survey(stage, 'end', second, 'shop', 'shop/counter', 'order');
    stage.record('persisted', (await second.actor('shop')).getPersistedSnapshot());
    await second.stop();
    for (const id of ['shop', 'order']) await stage.run(`program.${id}`, 'actors', id);
  },

  'actions run after the commit, errors end an actor, a stop too': async stage => {
    const ran: unknown[] = [];
    const noisy = setup({
      actions: { note: ({ context }, params: { readonly text: string }) => void ran.push([params.text, context]), fails: () => { throw new Error('an action'); } },
      guards: { never: () => false },
    }).createMachine({
      id: 'noisy', version: '1', context: { n: 0 }, initial: 'on',
      states: {
        on: {
          entry: { type: 'note', params: { text: 'entered' } },
          on: { more: { actions: [assign({ n: ({ context }) => (context as { n: number }).n + 1 }), { type: 'note', params: { text: 'more' } }] }, act: { actions: 'fails' }, throws: { actions: assign(() => { throw Object.assign(new Error('an assign'), { code: 'assigned' }); }) }, spoil: { actions: assign({ n: () => new Map() }) }, no: { guard: 'never', target: 'off' } },
        },
        off: { type: 'final' },
      },
    });
    const runtime = await stage.open({ machines: [noisy], store: 'file' });
    for (const id of ['more', 'act', 'throws', 'spoil', 'stopped']) {
      const actor = await runtime.spawn(noisy, { id });
      const heard: unknown[] = [];
      actor.subscribe({ next: snapshot => void heard.push((snapshot as { context: unknown }).context), error: () => void heard.push('error'), complete: () => void heard.push('complete') });
      await stage.refusal(`${id}.answer`, () => actor.send({ type: id }));
      await actor.send({ type: 'no' }).catch(() => {});
      if (id === 'stopped') stage.record('stopped', [await actor.stop(), await actor.stop()]);
      await stage.rest();
      stage.record(`${id}.heard`, heard);
    }
    stage.record('ran', ran);
    stage.record('actors', await runtime.actors());
    await stage.refusal('another machine', () => runtime.spawn(order, { id: 'more' }));
    await stage.refusal('a step\'s id', () => runtime.spawn(order, { id: 'flow:x.y' }));
  },

  'values are written by codecs': async stage => {
    const dates = { name: 'date', matches: (value: unknown): value is Date => value instanceof Date, encode: (date: Date) => date.getTime(), decode: (stored: unknown) => new Date(stored as number) };
    const machine = setup({ types: {} as { context: { since: Date; seen: Date[] }; events: { type: 'see'; at: Date } } }).createMachine({
      id: 'dated', version: '1', context: () => ({ since: new Date(0), seen: [] }), on: { see: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.at] }) } },
    });
    const options = { machines: [machine], codecs: [dates as never], store: 'file' } as const;
    const first = await stage.open(options);
    const actor = await first.spawn(machine, { id: 'd' });
    await actor.send({ type: 'see', at: new Date(86_400_000) });
    stage.crash();
    const second = await stage.open(options);
    const { context } = (await second.actor<typeof machine>('d')).getSnapshot();
    stage.record('context', [context.since instanceof Date, context.seen.map(date => date instanceof Date), context]);
    await second.stop();
    await stage.run('program', 'actors', 'd');
  },

  'a changed machine goes on by migrations, or is refused': async stage => {
    const old = createMachine({ id: 'document', version: '1', initial: 'review', states: { draft: {}, review: { on: { publish: 'published' } }, published: {} } });
    const now = createMachine({ id: 'document', version: '2', initial: 'draft', states: { draft: { on: { publish: 'published' } }, published: {} } });
    const migrations = [{ from: '1', to: '2', migrate: (snapshot: { readonly value: unknown }) => (snapshot.value === 'review' ? { ...snapshot, value: 'draft' } : snapshot) }];
    const first = await stage.open({ machines: [old], store: 'file' });
    await first.spawn(old, { id: 'one' });
    await (await first.spawn(old, { id: 'two' })).send({ type: 'publish' });
    stage.crash();
    const refusing = await stage.open({ machines: [now], store: 'file' });
    for (const id of ['one', 'two']) await stage.refusal(`refused.${id}`, async () => (await refusing.actor(id)).getSnapshot().value);
    await refusing.stop();
    stage.crash();
    const third = await stage.open({ machines: [{ machine: now, migrations: migrations as never }], store: 'file' });
    await (await third.actor('one')).send({ type: 'publish' });
    await survey(stage, 'end', third, 'one', 'two');
  },

  'steps of flows are machines': async stage => {
    const flow: FlowSource = {
      id: 'purchase', mode: 'lenient',
      steps: [
        { id: 'approval', uses: 'machine:approval', with: { what: '{% input.what %}' } }, { id: 'late', uses: 'machine:approval', with: { what: 'late' }, timeout: '10s' },
        { id: 'each', uses: 'machine:approval', for_each: [1, 2], with: { what: '{% item %}', least: 1 } }, { id: 'cart', uses: 'machine:order' },
        { id: 'buy', uses: 'tool:echo', with: '{% steps.approval.output %}', depends_on: ['approval'], when: 'steps.approval.output.approved' },
      ],
    };
    const open = async (): Promise<Runtime> => stage.open({ flows: [flow], machines: [approval, order], handlers: { echo }, store: 'file' });
    const first = await open();
    const { executionId } = await first.start('purchase', { input: { what: 'a boat' } });
    await first.signal(executionId, 'approval/approve', { by: 'Ann' });
    await stage.rest();
    await survey(stage, 'begun', first);
    stage.crash();
    const second = await open();
    await second.signal(executionId, 'approval/approve', { by: 'Bob' });
    await second.signal(executionId, 'each[1]/approve', { by: 'Bob' });
    await stage.rest();
    await second.signal(executionId, 'refuse', { by: 'Eve' });
    await stage.advance(10_000);
    stage.record('half', await (await second.get(executionId)).get({ items: true }));
    await second.signal(executionId, 'approve', { by: 'Eve' });
    await second.signal(executionId, 'confirm', { by: 'Eve' });
    await stage.advance(day);
    await stage.advance(7 * day);
    await second.settled(executionId);
    await stage.examine('end', second, { executionId });
    await survey(stage, 'end', second);
    await second.retry(executionId, { step: 'late' });
    await stage.rest();
    await survey(stage, 'retried', second);
    await second.cancel(executionId);
    await stage.rest();
    await stage.examine('cancelled', second, { executionId });
    await survey(stage, 'cancelled', second);
  },
};
