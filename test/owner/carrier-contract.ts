import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FlowError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Carrier } from '../../src/owner/carrier.ts';
import { ClientSessions } from '../../src/owner/client-sessions.ts';
import type { SessionsOptions } from '../../src/owner/client-sessions.ts';
import type { Told } from '../../src/owner/method.ts';
import { defineMethod, defineTopic, serveMethods, serveTopics } from '../../src/owner/method.ts';
import { OwnerConnection } from '../../src/owner/owner-connection.ts';
import type { Subscriber } from '../../src/owner/owner-connection.ts';
import { allScopes } from '../../src/owner/protocol.ts';
import { until } from '../kit/until.ts';
import type { OpenedCarrier } from './carriers.ts';

const maxLength = 100_000;
const params = z.strictObject({ value: z.unknown().optional() });
const methods = {
  echo: defineMethod({ scope: 'read', about: '', params }),
  hold: defineMethod({ scope: 'run', about: '', params: z.strictObject({}) }),
  fail: defineMethod({ scope: 'run', about: '', params: z.strictObject({}) }),
  wipe: defineMethod({ scope: 'operate', about: '', params: z.strictObject({}) }),
  tell: defineMethod({ scope: 'read', about: '', redacts: true, params }),
};
const topics = { count: defineTopic({ scope: 'read', about: '', params: z.strictObject({ to: z.int() }) }) };

/** What the suite's owner does, and what became of it. */
function createService() {
  const state = { release: (): void => {}, told: 0, left: [] as boolean[], asked: [] as unknown[] };
  const service = {
    methods: serveMethods(methods, {
      echo: ({ value }, { key, again }) => {
        state.asked.push({ key, again });
        return value;
      },
      hold: () => new Promise<string>(resolve => (state.release = () => resolve('released'))),
      fail: () => {
        throw new FlowError('broken', 'It is broken: sk-0123456789abcdef0123', { details: { why: 'sk-0123456789abcdef0123' } });
      },
      wipe: () => true,
      tell: ({ value }) => value,
    }),
    topics: serveTopics(topics, {
      async *count({ to }, { after, signal, isLeft }): AsyncGenerator<Told> {
        try {
          const from = after === undefined ? 0 : Number(after);
          yield { type: 'snapshot', cursor: String(from), data: { from } };
          for (let number = from + 1; number <= to && !signal.aborted; number++) {
            state.told = number;
            yield { type: 'volatile', data: number };
            yield { type: 'commit', cursor: String(number), entries: [number] };
          }
          if (to < 0) await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
        } finally {
          state.left.push(isLeft());
        }
      },
    }),
  };
  return { service, state };
}

/** What every carrier has to do. @param open opens one for an owner's sessions, for messages up to a length */
export const describeCarrier = (name: string, open: (sessions: ClientSessions, maxLength: number) => Promise<OpenedCarrier>): void => void describe(`a connection over ${name}`, () => {
  const opened: OpenedCarrier[] = [];
  const connections: OwnerConnection[] = [];
  const clients: Carrier[] = [];

  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    for (const client of clients.splice(0)) client.destroy();
    for (const carrier of opened.splice(0)) await carrier.close();
  });

  async function start(options: Partial<SessionsOptions> = {}) {
    const { service, state } = createService();
    const redact = (text: string): string => text.replaceAll(/sk-[0-9a-z]+/g, '[redacted]');
    const sessions = new ClientSessions({ service, logger: silentLogger, maxLength, redact, admit: () => allScopes, beat: () => () => {}, ...options });
    const carrier = await open(sessions, maxLength);
    opened.push(carrier);
    const connect = async (how: Parameters<typeof OwnerConnection.open>[1] = {}): Promise<OwnerConnection> => {
      const connection = await OwnerConnection.open(await carrier.connect(), { beat: () => () => {}, ...how });
      connections.push(connection);
      return connection;
    };
    return { carrier, connect, sessions, state };
  }

  /** Sends messages as they are, and gives what comes back. */
  async function speak(carrier: OpenedCarrier, ...messages: object[]): Promise<{ readonly said: { readonly type: string }[]; readonly client: Carrier; readonly isClosed: () => boolean }> {
    const client = await carrier.connect();
    clients.push(client);
    const said: { readonly type: string }[] = [];
    let closed = false;
    client.begin({ take: message => said.push(message as { readonly type: string }), refuse: () => {}, drained: () => {}, closed: () => (closed = true) });
    for (const message of messages) client.send(message);
    return { said, client, isClosed: () => closed };
  }

  const hello = { type: 'hello', versions: [1] };

  it('begins with a hello, whose answer says what may be asked', async () => {
    const { connect } = await start();
    expect((await connect()).welcome).toEqual({ type: 'welcome', version: 1, scopes: ['read', 'run', 'operate', 'debug'], methods: Object.keys(methods), topics: ['count'], maxLength });
  });

  it('answers each request once, whatever the order', async () => {
    const { connect, state } = await start();
    const connection = await connect();
    const held = connection.request('hold', {});
    const values = [1, 'grüße', null, { deep: [{ list: [] }] }, 'x'.repeat(50_000)];
    expect(await Promise.all(values.map(value => connection.request('echo', { value })))).toEqual(values);
    state.release();
    expect(await held).toBe('released');
  });

  it('hands on the key of a request, and that it is asked again', async () => {
    const { connect, state } = await start();
    await (await connect()).request('echo', {}, { key: 'one', again: true });
    expect(state.asked).toEqual([{ key: 'one', again: true }]);
  });

  it('gives errors back with their codes and details, without what must not be told', async () => {
    const { connect } = await start();
    const connection = await connect();
    await expect(connection.request('fail', {})).rejects.toMatchObject({ code: 'broken', message: 'It is broken: [redacted]', details: { why: '[redacted]' } });
    expect(await connection.request('tell', { value: { key: 'sk-0123456789abcdef0123' } })).toEqual({ key: '[redacted]' });
    expect(await connection.request('echo', { value: 'sk-0123456789abcdef0123' })).toBe('sk-0123456789abcdef0123');
  });

  it.each([
    ['a method that is not there', 'method_unknown', { method: 'ecco', params: {} }],
    ['a parameter that is not known', 'field_unknown', { method: 'echo', params: { valeu: 1 } }],
    ['a field that is not known', 'field_unknown', { method: 'echo', params: {}, priority: 1 }],
    ['a value of the wrong kind', 'message_invalid', { method: 1 }],
  ])('refuses %s, and goes on', async (__, code, request) => {
    const { carrier } = await start();
    const { said } = await speak(carrier, hello, { type: 'request', id: 7, ...request }, { type: 'request', id: 8, method: 'echo', params: { value: 1 } });
    await until(() => said.length === 3);
    expect(said[1]).toMatchObject({ type: 'error', id: 7, code });
    expect(said[2]).toEqual({ type: 'result', id: 8, value: 1 });
  });

  it.each([
    ['of an unknown type', { type: 'drop', id: 1 }, 'message_unknown'],
    ['that only an owner sends', { type: 'result', id: 1 }, 'message_unknown'],
    ['that is none', { id: 1 }, 'message_unknown'],
  ])('refuses a message %s', async (__, message, code) => {
    const { carrier } = await start();
    const { said } = await speak(carrier, hello, message);
    await until(() => said.length === 2);
    expect(said[1]).toMatchObject({ type: 'error', id: 1, code });
  });

  it('refuses what its scopes do not reach', async () => {
    const { connect } = await start({ admit: token => (token === 'reader' ? ['read'] : allScopes) });
    const connection = await connect({ token: 'reader' });
    expect(connection.welcome.scopes).toEqual(['read']);
    await expect(connection.request('wipe', {})).rejects.toMatchObject({ code: 'scope_missing', details: { scope: 'operate' } });
    expect(await connection.request('echo', { value: 1 })).toBe(1);
    expect(await (await connect()).request('wipe', {})).toBe(true);
  });

  it('is not let in with a wrong token', async () => {
    const { connect } = await start({ admit: () => {
      throw new FlowError('token_invalid', 'Expected another token');
    } });
    await expect(connect({ token: 'x' })).rejects.toMatchObject({ code: 'token_invalid', message: 'Expected another token' });
  });

  it('ends for one that speaks another version, or says something before hello', async () => {
    const { carrier, connect } = await start();
    await expect(connect({ versions: [2, 3] })).rejects.toMatchObject({ code: 'version_unsupported', message: expect.stringContaining('2, 3') as string });
    expect((await connect({ versions: [9, 1] })).welcome.version).toBe(1);
    const { said, isClosed } = await speak(carrier, { type: 'request', id: 1, method: 'echo' });
    await until(isClosed);
    expect(said).toMatchObject([{ type: 'goodbye', code: 'hello_expected', retryAfterMs: null }]);
  });

  it('tells a client of 0.3.0 in its own words that it is too old', async () => {
    const { carrier } = await start();
    const { said, isClosed } = await speak(carrier, { id: 1, command: 'cancel', executionId: 'any' });
    await until(isClosed);
    expect(said).toMatchObject([{ id: null, error: { code: 'version_unsupported' } }]);
  });

  it('tells a topic as far as there is credit, from the cursor that was given', async () => {
    const { connect, state } = await start();
    const connection = await connect();
    const told: unknown[] = [];
    const ended: string[] = [];
    const subscriber: Subscriber = {
      snapshot: ({ cursor, data }) => told.push({ cursor, data }),
      commit: ({ entries, cursor }) => told.push([cursor, ...entries]),
      ended: ({ code }) => ended.push(code),
    };
    const subscription = connection.subscribe('count', { params: { to: 10 }, after: '3', credit: 3 }, subscriber);
    await until(() => told.length === 3);
    expect(told).toEqual([{ cursor: '3', data: { from: 3 } }, ['4', 4], ['5', 5]]);
    expect(await connection.request('echo', { value: 'meanwhile' })).toBe('meanwhile');
    expect(state.told).toBeLessThanOrEqual(6);
    subscription.credit(2);
    await until(() => told.length === 5);
    subscription.credit(100);
    await until(() => ended.length === 1);
    expect(told.at(-1)).toEqual(['10', 10]);
    expect(ended).toEqual(['topic_ended']);
  });

  it('tells volatile things without credit', async () => {
    const { connect } = await start();
    const connection = await connect();
    const told: unknown[] = [];
    connection.subscribe('count', { params: { to: 1 }, credit: 1 }, { snapshot: () => {}, commit: () => {}, ended: () => {}, volatile: ({ data }) => told.push(data) });
    await until(() => told.length === 1);
    expect(told).toEqual([1]);
  });

  it('ends a subscription by either side, and says which', async () => {
    const { connect, state } = await start();
    const connection = await connect();
    const ended: string[] = [];
    const subscriber: Subscriber = { snapshot: () => {}, commit: () => {}, ended: ({ code }) => ended.push(code) };
    const one = connection.subscribe('count', { params: { to: -1 }, credit: 10 }, subscriber);
    connection.subscribe('count', { params: { to: -1 }, credit: 10 }, subscriber);
    one.close();
    await until(() => state.left.length === 1);
    expect([state.left, ended]).toEqual([[true], []]);
    connection.close();
    await until(() => state.left.length === 2);
    expect([state.left, ended]).toEqual([[true, false], ['owner_silent']]);
  });

  it('refuses a topic that is not there, and a number in use', async () => {
    const { carrier } = await start();
    const subscribe = { type: 'subscribe', topic: 'count', params: { to: -1 }, credit: 1 };
    const { said } = await speak(carrier, hello, { ...subscribe, id: 1 }, { ...subscribe, id: 1 }, { ...subscribe, id: 2, topic: 'cuont' });
    await until(() => said.length === 4);
    expect(said.filter(({ type }) => type === 'error')).toMatchObject([{ id: 1, code: 'message_invalid' }, { id: 2, code: 'topic_unknown' }]);
  });

  it('answers a ping, and is given up after two that it did not answer', async () => {
    const beats: (() => void)[] = [];
    const { carrier } = await start({ beat: callback => {
      beats.push(callback);
      return () => {};
    } });
    const { said, isClosed } = await speak(carrier, hello, { type: 'ping' });
    await until(() => said.length === 2);
    expect(said[1]).toEqual({ type: 'pong' });
    const beat = beats[0] ?? (() => {});
    beat();
    beat();
    await until(() => said.length === 4);
    expect(said.slice(2)).toEqual([{ type: 'ping' }, { type: 'ping' }]);
    expect(isClosed()).toBe(false);
    beat();
    await until(isClosed);
  });

  it('is closed when it says no hello', async () => {
    let beat = (): void => {};
    const { carrier } = await start({ beat: callback => {
      beat = callback;
      return () => {};
    } });
    const { said, isClosed } = await speak(carrier, { type: 'ping' });
    await until(() => said.length === 1);
    beat();
    await until(isClosed);
    expect(said.at(-1)).toMatchObject({ type: 'goodbye', code: 'hello_expected' });
  });

  it('answers what is under way before the owner leaves', async () => {
    const { connect, sessions, state } = await start();
    const connection = await connect();
    const held = connection.request('hold', {});
    await connection.request('echo', {});
    const finished = sessions.finish('owner_stopping', 'It stops');
    state.release();
    expect(await held).toBe('released');
    await finished;
    await until(() => connection.failure !== undefined);
    await expect(connection.request('echo', {})).rejects.toMatchObject({ code: 'owner_silent' });
    await until(() => sessions.size === 0);
  });

  it('gives the place of an idle one to one that comes', async () => {
    const { connect, sessions, state } = await start({ maxSessions: 3 });
    const busy = await connect();
    const held = busy.request('hold', {});
    const idle = [await connect(), await connect()];
    await busy.request('echo', {});
    const late = await connect();
    expect(await late.request('echo', { value: 1 })).toBe(1);
    await until(() => idle[0]?.failure !== undefined);
    expect(idle[1]?.failure).toBeUndefined();
    await until(() => sessions.size === 3);
    state.release();
    expect(await held).toBe('released');
  });

  it('turns one away when all are at work, and says when to come again', async () => {
    const { carrier, connect, state } = await start({ maxSessions: 1 });
    const busy = await connect();
    const held = busy.request('hold', {});
    await busy.request('echo', {});
    const { said, isClosed } = await speak(carrier, hello);
    await until(isClosed);
    expect(said).toMatchObject([{ type: 'goodbye', code: 'owner_busy', retryAfterMs: 1_000 }]);
    state.release();
    await held;
  });

  it('reads nothing more of a client that does not listen', async () => {
    const { carrier, state } = await start();
    const client = await carrier.connect();
    clients.push(client);
    client.begin({ take: () => {}, refuse: () => {}, drained: () => {}, closed: () => {} });
    client.pause();
    client.send(hello);
    const value = 'x'.repeat(30_000);
    for (let id = 1; id <= 400; id++) client.send({ type: 'request', id, method: 'echo', params: { value } });
    let before = -1;
    // Until nothing moves any more.
    while (before !== state.asked.length) {
      before = state.asked.length;
      for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve));
    }
    const isBounded = carrier.maxLength === undefined || carrier.cannotPause || state.asked.length < 300;
    expect(isBounded).toBe(true);
    client.resume();
    await until(() => state.asked.length === 400);
    client.close();
  });

  it('refuses what is too long: at this end, and at the other', async () => {
    const { carrier, connect } = await start();
    if (carrier.maxLength === undefined) return;
    const connection = await connect();
    await expect(connection.request('echo', { value: 'x'.repeat(200_000) })).rejects.toMatchObject({ code: 'request_too_large' });
    expect(await connection.request('echo', { value: 1 })).toBe(1);
    const raw = await carrier.writeRaw?.('x'.repeat(200_000));
    await raw?.ended;
    expect(raw?.said()).toContain('request_too_large');
  });

  it('refuses what is no message, and goes on', async () => {
    const { carrier } = await start();
    if (!carrier.writeRaw) return;
    const raw = await carrier.writeRaw(`hello\n${JSON.stringify(hello)}\n{"type":"request","id":1,"method":"echo","params":{"value":1}}\n[]\n{"type":"goodbye","code":"x","retryAfterMs":null}\n`);
    await raw.ended;
    const said = raw.said().trim().split('\n').map(line => JSON.parse(line) as { readonly type: string });
    // Whoever says goodbye in the same turn has no answer any more.
    expect(said.filter(({ type }) => type !== 'result')).toMatchObject([
      { type: 'error', id: null, code: 'message_invalid' }, { type: 'welcome' }, { type: 'error', id: null, code: 'message_invalid' },
    ]);
  });
});
