import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { parseFlow } from '../../src/definition/parse.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/sqlite.ts';
import { createFolder, run as runIn } from '../views/program-harness.ts';

let folder: ReturnType<typeof createFolder>;
let runtime: Runtime | undefined;
beforeEach(() => void (folder = createFolder()));
afterEach(async () => {
  await runtime?.stop({ timeoutMs: 0 });
  runtime = undefined;
  folder.remove();
});

const server = createServer((request, response) => void response.setHeader('content-type', 'application/json').end(decodeURIComponent((request.url ?? '').slice(1))));
const listening = new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const write = (name: string, text: string): string => {
  writeFileSync(join(folder.path, name), text);
  return name;
};

/** Runs a command, and gives its document; a refusal is thrown. */
async function type(...argv: readonly string[]): Promise<Record<string, never>> {
  const { stdout, stderr } = await runIn([...argv, '--json'], folder.path);
  const document = JSON.parse(stdout === '' ? stderr : stdout) as { error?: { code: string; message: string }; steps?: { reason?: { code: string; message: string } }[] };
  if (document.error) throw Object.assign(new Error(document.error.message), document.error);
  const reason = document.steps?.find(step => step.reason)?.reason;
  if (reason) throw Object.assign(new Error(reason.message), reason);
  return document as never;
}

const echo = 'id: echo\nsteps: [{ id: a, uses: "tool:value.make", with: { v: "{% input %}" } }]\n';
const lastOutput = (document: { steps?: { output?: { v?: unknown } }[] }): unknown => document.steps?.at(-1)?.output?.v;

async function openWaiting(): Promise<Runtime> {
  const machine = setup({ types: {} as { context: { value: unknown }; events: { type: 'keep'; value: unknown } } }).createMachine({ id: 'm', context: { value: null }, on: { keep: { actions: ({ event, context }) => void (context.value = event.value) } } });
  runtime = await createRuntime({
    store: openSqliteStore({ file: join(folder.path, 'flowstone.db'), durability: 'process' }), machines: [machine],
    flows: [parseFlow('id: waits\nsteps: [{ id: go, uses: signal, with: { name: go } }, { id: a, uses: "tool:value.make", depends_on: [go], with: { v: "{% steps.go.output %}" } }]\n')],
  });
  await runtime.spawn(machine, { id: 'k' });
  return runtime;
}

/** Each door is given JSON text, and gives back what became of it: text again. */
const doors: { readonly [door: string]: (json: string) => Promise<unknown> } = {
  'run --input': async json => lastOutput(await type('run', write('f.yml', echo), '--input', json)),
  'run --input @file': async json => lastOutput(await type('run', write('f.yml', echo), '--input', `@${write('in.json', json)}`)),
  'a definition in YAML': async json => (parseFlow(`id: f\nsteps:\n  - id: a\n    uses: tool:work\n    with: { v: ${json.replace('\uFEFF', '')} }\n`).steps[0]?.with as { v: unknown } | undefined)?.v,
  'a definition in JSON': async json => (JSON.parse(JSON.stringify(parseFlow(`${json.startsWith('\uFEFF') ? '\uFEFF' : ''}{"id":"f","steps":[{"id":"a","uses":"tool:work","with":{"v":${json.replace('\uFEFF', '')}}}]}`).steps[0]?.with ?? null)) as { v: unknown } | null)?.v,
  'exec with parse: json': async json => {
    write('out.json', json);
    return ((await type('run', write('f.yml', `id: f\nsteps: [{ id: a, uses: exec, with: { command: cat, args: [${JSON.stringify(join(folder.path, 'out.json'))}], parse: json } }]\n`))) as { steps?: { output: { stdout: unknown } }[] }).steps?.[0]?.output.stdout;
  },
  'the body that http gets': async json => {
    await listening;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${encodeURIComponent(json)}`;
    return ((await type('run', write('f.yml', `id: f\nsteps: [{ id: a, uses: http, with: { url: "${url}", parse: json } }]\n`))) as { steps?: { output: { body: unknown } }[] }).steps?.[0]?.output.body;
  },
  'signal': async json => {
    const waiting = await (await openWaiting()).start('waits');
    await type('signal', waiting.executionId, 'go', json);
    return lastOutput((await waiting.settled()) as never);
  },
  'actors send --data': async json => {
    const open = await openWaiting();
    await type('actors', 'send', 'k', 'keep', '--data', `{"value":${json.replace('\uFEFF', '')}}`);
    const { stdout } = await runIn(['actors', 'show', 'k', '--json'], folder.path);
    void open;
    return (JSON.parse(stdout) as { events: { event: { value: unknown } }[] }).events.at(-1)?.event.value;
  },
};

describe.each(Object.keys(doors))('what comes in by %s', name => {
  const door = doors[name] as (json: string) => Promise<unknown>;

  it.each(['9007199254740993', '[1,{"id":-9007199254740993}]', '12345678901234567890'])('is refused when it would become another value: %s', async json => {
    await expect(door(json)).rejects.toMatchObject({ code: expect.stringMatching(/^[a-z]+(?:_[a-z]+)+$/) as string, message: expect.stringContaining('hold exactly') as string });
  });

  it.each(['9007199254740992', '{"__proto__":{"x":1},"a":2}', '{"constructor":1,"toString":"t"}', '"\\u0000\\ud800"', '[1e300,0.1,"9007199254740993"]'])('is kept as it is: %s', async json => {
    expect(JSON.stringify(await door(json))).toBe(JSON.stringify(JSON.parse(json)));
  });

  it('is read without the byte order mark before it', async () => {
    expect(await door('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });
});
