/*
 * Serves the dashboard beside the API, with a flow to try: node serve.ts [DATABASE] [PORT]. The token is in FLOWSTONE_TOKEN, or one is made.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { createServer } from 'flowstone/server';
import { openSqliteStore } from 'flowstone/sqlite';

const [file = 'dashboard.db', port = '4600'] = process.argv.slice(2);
const token = process.env['FLOWSTONE_TOKEN'] ?? randomBytes(32).toString('base64url');

const work = defineTool({ name: 'work', run: () => sleep(400, { done: true }) });
const demo = defineFlow({
  id: 'demo',
  steps: Array.from({ length: 12 }, (_, place) => ({ id: `step-${place + 1}`, uses: 'tool:work', ...(place > 0 && { depends_on: [`step-${place}`] }) })),
});

// The page's own code and the client, as one file for browsers.
const { outputFiles } = await build({ entryPoints: [`${import.meta.dirname}/dashboard.js`], bundle: true, write: false, format: 'esm', platform: 'browser', conditions: process.execArgv.includes('--conditions=flowstone-source') ? ['flowstone-source'] : [], minify: true });
const files: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  '/': { type: 'text/html; charset=utf-8', body: readFileSync(`${import.meta.dirname}/index.html`, 'utf8') },
  '/dashboard.js': { type: 'text/javascript; charset=utf-8', body: outputFiles[0]?.text ?? '' },
};

const runtime = await createRuntime({ store: openSqliteStore({ file }), flows: [demo], tools: [work] });
const server = createServer(runtime, {
  auth: { token },
  // Anybody may have the page: there is nothing in it. Without the token it shows nothing.
  parts: [() => ({
    routes: Object.entries(files).map(([path, { type, body }]) => ({
      method: 'GET' as const, path, scope: null,
      handle: () => new Response(body, { headers: { 'content-type': type, 'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'", 'x-content-type-options': 'nosniff' } }),
    })),
  })],
});
const { url } = await server.listen({ port: Number(port) });
console.log(`The dashboard is at ${url}/${process.env['FLOWSTONE_TOKEN'] === undefined ? `, the token is ${token}` : ''}`);
