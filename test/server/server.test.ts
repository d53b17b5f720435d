import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreatePart, ServerOptions } from '../../src/server.ts';
import { createServer } from '../../src/server.ts';
import type { OpenServer } from './open-server.ts';
import { openServer, token } from './open-server.ts';

const readOnly = 'a-token-that-only-reads-00000000';
const part: CreatePart = ({ authority }) => ({
  routes: [
    { method: 'GET', path: '/page/*', scope: null, handle: request => new Response(`page ${new URL(request.url).pathname}`) },
    { method: 'GET', path: '/api/v1/secret', scope: 'operate', handle: (_request, { scopes }) => new Response(scopes.join(' ')) },
  ],
  upgrades: [{
    path: '/api/v1/echo',
    handle: (_request, socket) => void socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n${authority.admit('nonsense-nonsense-nonsense') ? 'in' : 'out'}`),
  }],
});

let open: OpenServer;
beforeEach(async () => {
  open = await openServer({}, { auth: { token, tokens: [{ token: readOnly, scopes: ['read'] }] }, parts: [part], origins: ['http://localhost:5173'] });
});
afterEach(() => open.end());

const fetch = (path: string, headers: Record<string, string> = {}): Promise<Response> => open.server.fetch(new Request(`http://localhost${path}`, { headers }));
const titleOf = async (response: Response): Promise<string> => ((await response.json()) as { title: string }).title;

describe('who is let in', () => {
  it('is refused without a token, whatever the path', async () => {
    for (const path of ['/', '/api/v1/secret', '/api/v1/executions', '/nothing/here']) {
      const answer = await fetch(path);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="flowstone"']);
      expect(await titleOf(answer)).toBe('token_missing');
    }
  });

  it('is refused with another token, one that is longer, and one of another scheme', async () => {
    for (const value of [`Bearer ${token.slice(1)}x`, `Bearer ${token}x`, 'Bearer ', `Basic ${token}`, `Bearer ${'x'.repeat(5_000)}`]) {
      const answer = await fetch('/api/v1/secret', { authorization: value });
      expect([answer.status, await titleOf(answer)]).toEqual([401, 'token_refused']);
    }
  });

  it('may do what its scopes say', async () => {
    expect((await fetch('/api/v1/secret', { authorization: `Bearer ${readOnly}` })).status).toBe(403);
    const answer = await fetch('/api/v1/secret', { authorization: `Bearer ${token}` });
    expect([answer.status, await answer.text()]).toEqual([200, 'read run operate']);
  });

  it('learns without a token whether the server works, and nothing else', async () => {
    const answer = await fetch('/api/v1/health');
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'running' }]);
  });

  it('gets a page that anybody may have', async () => {
    expect(await (await fetch('/page/a.js')).text()).toBe('page /page/a.js');
    expect(await (await fetch('/page')).text()).toBe('page /page');
    expect((await fetch('/pages')).status).toBe(401);
  });

  it('is named by options that make sense', () => {
    const create = (options: Partial<ServerOptions>) => () => createServer(open.runtime, { auth: { token }, ...options });
    expect(create({ auth: {} })).toThrow(/nobody could be let in/);
    expect(create({ auth: { token: 'short' } })).toThrow(/16 to 4096 visible/);
    expect(create({ auth: { token: `${token}\n` } })).toThrow(/visible ASCII/);
    expect(create({ auth: { tokens: [{ token, scopes: ['all' as never] }] } })).toThrow(/Expected a scope to be one of read, run, operate/);
    expect(create({ host: 'x' } as never)).toThrow(/`hosts`/);
    expect(() => createServer({} as never, { auth: { token } })).toThrow(/Expected `createServer` to be given a runtime/);
  });
});

describe('where it is called from', () => {
  it('is refused under a name that is not this machine, before the token is looked at', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '']) {
      const answer = await fetch('/api/v1/secret', { host });
      expect([answer.status, await titleOf(answer)]).toEqual([403, 'host_refused']);
    }
  });

  it('is refused from a page of somebody else', async () => {
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'null', 'http://localhost.evil.example']) {
      const answer = await fetch('/api/v1/secret', { host: 'localhost', origin, authorization: `Bearer ${token}` });
      expect([answer.status, await titleOf(answer)]).toEqual([403, 'origin_refused']);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('is let in from its own page, and from one that was named', async () => {
    const own = await fetch('/api/v1/secret', { host: '127.0.0.1:4600', origin: 'http://127.0.0.1:4600', authorization: `Bearer ${token}` });
    expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, null]);
    const named = await fetch('/api/v1/secret', { host: '127.0.0.1:4600', origin: 'http://localhost:5173', authorization: `Bearer ${token}` });
    expect([named.status, named.headers.get('access-control-allow-origin')]).toEqual([200, 'http://localhost:5173']);
    // A page can read why it was refused, too.
    expect((await fetch('/api/v1/secret', { host: 'localhost', origin: 'http://localhost:5173' })).headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  });
});

describe('a port', () => {
  const speak = (port: number, head: string): Promise<string> => new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => void socket.write(head));
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('close', () => resolve(text)).on('error', reject);
  });
  const upgrade = (path: string, host: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n`;

  it('is listened on, at the loopback address', async () => {
    const { url, port, close } = await open.server.listen({ port: 0 });
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const answer = await globalThis.fetch(`${url}/api/v1/secret`, { headers: { authorization: `Bearer ${token}` } });
    expect(await answer.text()).toBe('read run operate');
    await expect(open.server.listen({ port })).rejects.toMatchObject({ code: 'port_taken' });
    await close();
    await expect(globalThis.fetch(url)).rejects.toThrow();
  });

  it('hands connections that change their protocol to whoever answers that path', async () => {
    const { port } = await open.server.listen({ port: 0 });
    expect(await speak(port, upgrade('/api/v1/echo', 'localhost'))).toMatch(/^HTTP\/1\.1 101 .*out$/s);
    expect(await speak(port, upgrade('/api/v1/nothing', 'localhost'))).toMatch(/^HTTP\/1\.1 404 route_unknown/);
    expect(await speak(port, upgrade('/api/v1/echo', 'evil.example'))).toMatch(/^HTTP\/1\.1 403 host_refused/);
    expect(await speak(port, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  });

  it('is not listened on for others while something may be done without a token', async () => {
    const server = createServer(open.runtime, { auth: { token, anonymous: ['read'] } });
    await expect(server.listen({ port: 0, host: '0.0.0.0' })).rejects.toMatchObject({ code: 'option_invalid' });
    expect((await server.fetch(new Request('http://localhost/api/v1/health'))).status).toBe(200);
    await server.close();
  });
});
