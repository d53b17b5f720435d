import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { InspectorOptions } from '../../src/inspector.ts';
import type { Inspected } from './open-inspected.ts';
import { ask, askLive, codeOf, enter, exchange, openInspected, secret, tryLive } from './open-inspected.ts';

let inspected: Inspected | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await inspected?.end();
  inspected = undefined;
});
const open = async (options?: InspectorOptions): Promise<Inspected> => (inspected = await openInspected(options));

const hello = (token?: string): string => JSON.stringify({ type: 'hello', versions: [1], ...(token !== undefined && { token }) });
const wrong = 'wrong-token-of-32-characters-000';

describe('an inspector', () => {
  it('listens on this machine only, on a port that is free', async () => {
    const { inspector: { port, url } } = await open();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const others = Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address));
    for (const host of others) {
      const came = await new Promise(resolve => {
        const socket = connect({ host, port }, () => resolve('let in')).on('error', ({ message }) => resolve(message));
        socket.on('connect', () => socket.destroy());
      });
      expect(came).toMatch(/ECONNREFUSED/);
    }
  });

  it('only looks in production, unless it is told otherwise', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { inspector, executionId } = await open();
    const token = await enter(inspector);
    const answers = await askLive(inspector.port, token, [{ method: 'pause', params: { target: executionId } }, { method: 'cancel', params: { executionId } }, { method: 'inspect', params: { executionId } }]);
    expect(answers).toMatchObject([{ code: 'scope_missing' }, { code: 'scope_missing' }, { execution: { executionId } }]);
  });

  it('serves a page without data to anybody, and nothing else', async () => {
    const { inspector: { port }, executionId } = await open();
    const page = await ask(port, '/inspector/');
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    for (const rule of ['default-src \'none\'', 'script-src \'self\'', 'connect-src \'self\'', 'frame-ancestors \'none\'']) expect(page.headers['content-security-policy']).toContain(rule);
    expect(page.body).not.toContain(executionId);
    for (const path of ['/inspector/../package.json', '/inspector/%2e%2e/%2e%2e/package.json', '/inspector/..%2f..%2fpackage.json', '/inspector//etc/passwd', '/inspector/__proto__', '/inspector/constructor']) {
      expect([path, (await ask(port, path)).status]).not.toEqual([path, 200]);
    }
    for (const path of ['/api/v1/executions', `/api/v1/executions/${executionId}`, '/api/v1/feed', '/metrics', '/nothing']) expect([path, (await ask(port, path)).status]).toEqual([path, 401]);
    expect((await ask(port, '/api/v1/executions', { headers: { authorization: `Bearer ${wrong}` } })).status).toBe(401);
    expect((await ask(port, '/api/v1/executions', { headers: { cookie: `token=${wrong}` } })).headers['set-cookie']).toBeUndefined();
  });

  it('gives its token for a code: once, within a minute, and not to who guesses', async () => {
    const { inspector, clock } = await open();
    const { port } = inspector;
    const code = codeOf(inspector.url);
    expect((await exchange(port, `${code}x`)).status).toBe(401);
    const first = await exchange(port, code);
    expect([first.status, first.headers['cache-control'], first.headers['access-control-allow-origin']]).toEqual([200, 'no-store', undefined]);
    expect((await exchange(port, code)).status).toBe(401);
    const late = codeOf(inspector.createUrl());
    clock.advance(60_001);
    expect((await exchange(port, late)).status).toBe(401);
    const guessed = codeOf(inspector.createUrl());
    for (let time = 0; time < 10; time++) expect((await exchange(port, `guess-${time}`)).status).toBe(401);
    expect((await exchange(port, guessed)).status).toBe(401);
    expect((await ask(port, '/inspector/session', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'code' })).status).toBe(400);
    expect((await ask(port, '/inspector/session', { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '2' }, body: '{}' })).status).toBe(400);
  });

  it('refuses names that were made to point here, and pages of others', async () => {
    const { inspector } = await open();
    const { port } = inspector;
    const token = await enter(inspector);
    const authorization = `Bearer ${token}`;
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', '0.0.0.0', `localhost.evil.example:${port}`]) {
      expect([host, (await ask(port, '/api/v1/executions', { headers: { host, authorization } })).status]).toEqual([host, 403]);
      expect([host, (await tryLive(port, [hello(token)], { host })).refused]).toEqual([host, 403]);
    }
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`, `http://localhost:${port}.evil.example`, 'file://']) {
      expect([origin, (await ask(port, '/api/v1/executions', { headers: { origin, authorization } })).status]).toEqual([origin, 403]);
      expect([origin, (await exchange(port, codeOf(inspector.createUrl()), { origin })).status]).toEqual([origin, 403]);
      expect([origin, (await tryLive(port, [hello(token)], { origin })).refused]).toEqual([origin, 403]);
    }
  });

  it('lets nobody speak without its token, and nobody wait without saying who they are', async () => {
    const { inspector: { port }, clock } = await open();
    expect((await tryLive(port, [hello()])).closed).toBe(4401);
    expect((await tryLive(port, [hello(wrong)])).closed).toBe(4401);
    expect((await tryLive(port, [JSON.stringify({ type: 'request', id: 1, method: 'list' })])).closed).toBe(4401);
    const silent = tryLive(port, []);
    let isOver = false;
    void silent.then(() => (isOver = true));
    while (!isOver) {
      clock.advance(1_000);
      await nextTurn();
    }
    expect((await silent).closed).toBe(4401);
  });

  it('ends with who says too much, too much at once, or nothing that can be read', async () => {
    const { inspector } = await open();
    const token = await enter(inspector);
    expect((await tryLive(inspector.port, [hello(token), JSON.stringify({ type: 'request', id: 1, method: 'x'.repeat(1_048_576) })])).closed).toBe(1009);
    expect((await tryLive(inspector.port, [hello(token), 'x'.repeat(4 * 1_048_576)])).closed).toBe(1009);
    const ping = JSON.stringify({ type: 'request', id: 1, method: 'flows' });
    expect((await tryLive(inspector.port, [hello(token), ...Array.from({ length: 1_100 }, () => ping)])).closed).toBe(4429);
    const garbage = await tryLive(inspector.port, [hello(token), ...Array.from({ length: 1_100 }, () => '{')]);
    expect(garbage.closed).toBeGreaterThanOrEqual(1_008);
    expect(garbage.heard.join('')).toContain('message_invalid');
  });

  it('logs each command that steers: which, for what, and whose', async () => {
    const { inspector, executionId, logged } = await open();
    const token = await enter(inspector);
    await askLive(inspector.port, token, [{ method: 'pause', params: { target: executionId } }, { method: 'resumeHeld', params: {} }]);
    for (const method of ['pause', 'resumeHeld']) expect(logged.filter(text => text.includes(`"${method}"`))).toHaveLength(1);
    expect(logged.find(text => text.includes('"pause"'))).toContain(executionId);
    expect(logged.join('')).not.toContain(token);
  });

  it('takes out keys of well-known forms, and whatever `redact` says, however deep it is', async () => {
    const paths: string[] = [];
    const { inspector, executionId } = await open({ redact: (path, value) => {
      paths.push(path.join('.'));
      return path.at(-1) === 'card' ? undefined : value;
    } });
    const token = await enter(inspector);
    const told = await askLive(inspector.port, token, [
      { method: 'inspect', params: { executionId } }, { method: 'value', params: { executionId, of: 'input' } },
      { method: 'value', params: { executionId, of: 'input', path: ['card'] } }, { method: 'value', params: { executionId, of: 'input', offset: 1, limit: 30 } },
    ]);
    const text = JSON.stringify(told);
    expect(text).not.toContain('4111-1111');
    expect(text).not.toContain(secret);
    expect(text).toContain('[redacted]');
    expect(paths).toEqual(expect.arrayContaining(['execution.input.text.card', 'input.card']));
    // Markup is text like any other; the page makes text nodes of it.
    expect(text).toContain('<img src=x onerror=alert(1)>');
    const socket = new WebSocket(`ws://127.0.0.1:${inspector.port}/api/v1/live`);
    const heard: string[] = [];
    socket.on('message', data => heard.push((data as Buffer).toString()));
    socket.on('open', () => {
      socket.send(hello(token));
      socket.send(JSON.stringify({ type: 'subscribe', id: 2, topic: 'execution', params: { executionId, history: true }, credit: 10 }));
    });
    while (!heard.some(message => message.includes('"snapshot"'))) await nextTurn();
    socket.close();
    expect(heard.join('')).not.toContain('4111-1111');
  });
});
