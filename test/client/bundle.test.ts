import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { english } from '../../.ci/bundle.ts';
import { createMemoryStore, createRuntime, defineFlow } from '../../src/index.ts';
import { createServer } from '../../src/server.ts';

const token = 'test-token-of-32-characters-0000';
/** What a browser has of what the client needs. There is no process, no Buffer, no require. */
const { WebSocket, fetch, URL, URLSearchParams, AbortController, crypto, performance, setTimeout, clearTimeout, queueMicrotask } = globalThis;
/** A browser's timers are numbers, and know no `unref`. */
const setInterval = (callback: () => void, ms: number): number => Number(globalThis.setInterval(callback, ms).unref());
const browser = { WebSocket, fetch, URL, URLSearchParams, AbortController, crypto, performance, setTimeout, clearTimeout, queueMicrotask, setInterval, clearInterval: (timer: number) => globalThis.clearInterval(timer) };
const maxGzipped = 95_000;

it('is a bundle for browsers, in which it runs and follows a flow', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { connect } from './src/client.ts';
        export async function run(url, token) {
          const client = connect(url, { token });
          const { executionId } = await client.start('greet');
          const states = [];
          for await (const { entries } of client.follow('feed?topic=flow:' + executionId, { after: 'start' })) {
            states.push(...entries.filter(({ address }) => address.endsWith(executionId)).map(({ state }) => state));
            if (states.includes('scored')) break;
          }
          client.close();
          return JSON.stringify([client.connection.state.value, ...states]);
        }`,
      resolveDir: `${import.meta.dirname}/../..`,
    },
    // As it is published, and without an external: a module of Node.js anywhere would be an error.
    bundle: true, plugins: [english], write: false, minify: true, platform: 'browser', format: 'iife', globalName: 'page', target: 'es2023', conditions: ['flowstone-source'], metafile: true, legalComments: 'none', logLevel: 'silent',
  });
  const text = outputFiles[0]?.text ?? '';
  expect(Object.keys(metafile.inputs).filter(file => /^(?:src\/(?:server|views)|persistence\/(?:sqlite|memory|files))\//.test(file))).toEqual([]);
  const { length } = gzipSync(text);
  console.log(`the client, with all it needs: ${text.length} bytes, ${length} gzipped`);
  expect(length).toBeLessThan(maxGzipped);

  const greet = defineFlow({ id: 'greet', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1ms' } }] });
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [greet] });
  const server = createServer(runtime, { auth: { token } });
  const { url } = await server.listen({ port: 0 });
  const context = createContext({ ...browser });
  expect(runInContext('[typeof process, typeof Buffer, typeof require, typeof setImmediate]', context)).toEqual(['undefined', 'undefined', 'undefined', 'undefined']);
  runInContext(text, context);
  const [connection, ...states] = JSON.parse(await (runInContext(`page.run(${JSON.stringify(url)}, ${JSON.stringify(token)})`, context) as Promise<string>)) as string[];
  expect(connection).toBe('closed');
  expect([states.at(0), states.at(-1)]).toEqual(['stepping', 'scored']);
  await server.close();
  await runtime.stop();
});
