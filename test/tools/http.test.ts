import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createHttpTool } from '../../src/tools/http.ts';
import { callTool, failureOf, outputOf } from './call-tool.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

describe('http', () => {
  it('returns a header of any name, and refuses to send what would not be sent', async () => {
    const url = await serve((_, response) => response.writeHead(200, ['__proto__', 'back', 'constructor', 'too']).end(''));
    const output = await outputOf<{ headers: { [name: string]: string } }>('http', { url });
    expect(Object.entries(output.headers)).toEqual(expect.arrayContaining([['__proto__', 'back'], ['constructor', 'too']]));
    expect(await failureOf('http', { url, headers: JSON.parse('{"__proto__":"lost"}') })).toMatchObject({ code: 'http_header_invalid' });
    await expect(failureOf('http', { url, headers: { a: 1 } } as never)).rejects.toThrow('headers.a');
  });

  it('returns a JSON response as values, cookies left out', async () => {
    const url = await serve((_, response) => response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'secret=1' }).end('{"a":[1]}'));
    const output = await outputOf<{ headers: object }>('http', { url });
    expect(output).toMatchObject({ status: 200, body: { a: [1] }, headers: { 'content-type': 'application/json' } });
    expect(output.headers).not.toHaveProperty('set-cookie');
  });

  it('returns other responses as text, and JSON as text when asked to', async () => {
    const url = await serve((request, response) => response.writeHead(200, { 'content-type': request.url === '/json' ? 'application/json' : 'text/html' }).end('"x"'));
    expect(await outputOf('http', { url })).toMatchObject({ body: '"x"' });
    expect(await outputOf('http', { url, parse: 'json' })).toMatchObject({ body: 'x' });
    expect(await outputOf('http', { url: `${url}/json`, parse: 'text' })).toMatchObject({ body: '"x"' });
  });

  it('sends method, headers, a JSON body and the idempotency key', async () => {
    const url = await serve(async (request, response) => {
      const seen = { method: request.method, key: request.headers['idempotency-key'], type: request.headers['content-type'], x: request.headers['x-a'] };
      response.end(JSON.stringify({ ...seen, body: await bodyOf(request) }));
    });
    const output = await outputOf('http', { url, method: 'post', headers: { 'X-A': 'b' }, body: { n: 1 }, parse: 'json' }, { idempotencyKey: 'e1/pay#1' });
    expect(output).toMatchObject({ body: { method: 'POST', key: 'e1/pay#1', type: 'application/json', x: 'b', body: '{"n":1}' } });
  });

  it.each([408, 425, 429, 500, 502, 503])('calls status %i retryable', async status => {
    const url = await serve((_, response) => response.writeHead(status).end('why'));
    expect(await failureOf('http', { url })).toMatchObject({ code: 'http_status', retryable: true, details: { status, body: 'why' } });
  });

  it.each([400, 401, 404, 422])('calls status %i final', async status => {
    const url = await serve((_, response) => response.writeHead(status, { 'retry-after': '1' }).end());
    const failure = await failureOf('http', { url });
    expect(failure).toMatchObject({ code: 'http_status', retryable: false });
    expect(failure).not.toHaveProperty('retryAfterMs');
  });

  it('waits as long as Retry-After says, in seconds or until a date', async () => {
    const clock = new SimulatedClock();
    const values = ['7', new Date(clock.now() + 90_000).toUTCString(), new Date(clock.now() - 5_000).toUTCString(), '9999999', 'soon'];
    const url = await serve((request, response) => response.writeHead(429, { 'retry-after': values[Number(request.url?.slice(1))] }).end());
    const waits = [];
    for (const place of values.keys()) waits.push((await failureOf(createHttpTool({ clock }), { url: `${url}/${place}` })).retryAfterMs);
    expect(waits).toEqual([7_000, 90_000, 0, 86_400_000, undefined]);
  });

  it('takes only the expected status when one is named', async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    expect(await outputOf('http', { url, expect: [404] })).toMatchObject({ status: 404 });
    expect(await failureOf('http', { url, expect: [200] })).toMatchObject({ code: 'http_status' });
  });

  it('calls a connection that fails retryable', async () => {
    const url = await serve((request, response) => (request.url === '/cut' ? response.writeHead(200).write('x', () => response.destroy()) : request.socket.destroy()));
    expect(await failureOf('http', { url })).toMatchObject({ code: 'http_network', retryable: true });
    expect(await failureOf('http', { url: `${url}/cut` })).toMatchObject({ code: 'http_network', retryable: true });
  });

  it('stops reading a body that is too large', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(300_000)));
    expect(await failureOf('http', { url, maxBodyBytes: 1_000 })).toMatchObject({ code: 'http_body_too_large', retryable: false });
    expect(await outputOf('http', { url, maxBodyBytes: 300_000 })).toMatchObject({ status: 200 });
  });

  it('fails when JSON was promised and something else came', async () => {
    const url = await serve((_, response) => response.end('<html>'));
    expect(await failureOf('http', { url, parse: 'json' })).toMatchObject({ code: 'http_body_invalid', retryable: false });
  });

  it('rejects with the reason of an abort, before and during the body', async () => {
    const controller = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200).write('begin');
      controller.abort(new Error('out of time'));
    });
    await expect(callTool('http', { url }, { signal: controller.signal })).rejects.toThrow('out of time');
    await expect(callTool('http', { url }, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  });

  it('refuses other protocols, user names in the URL and bodies with GET', async () => {
    for (const url of ['file:///etc/passwd', 'ftp://x/y', 'http://user:pass@127.0.0.1/', 'not a url', 'data:text/plain,x']) {
      await expect(callTool('http', { url })).rejects.toThrow(/http or https/);
    }
    await expect(callTool('http', { url: 'http://127.0.0.1/', body: 1 })).rejects.toThrow(/no body with GET/);
  });

  it('keeps queries and header values out of its messages', async () => {
    const url = await serve((_, response) => response.writeHead(500).end());
    const status = await failureOf('http', { url: `${url}/path?token=geheim`, headers: { authorization: 'Bearer geheim' } });
    const header = await failureOf('http', { url, headers: { 'x-key': 'geheim\nx' } });
    expect(status.message).toContain('/path');
    expect(header).toMatchObject({ code: 'http_header_invalid', retryable: false });
    expect(JSON.stringify([status, header])).not.toContain('geheim');
  });
});
