import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildInspector } from '../../.ci/inspector.ts';
import type { InspectedExecution } from '../../src/inspector/document/inspected-execution.ts';
import { PlanRegistry } from '../../src/kinds/flows/plan-registry.ts';
import { type InspectorFiles, readInspectorFiles, renderInspectorPage } from '../../src/views/export/inspector-page.ts';
import { gather } from '../../src/views/read-history.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import { createFolder, run } from '../views/program-harness.ts';
import { replayDocument } from './replayed-examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowstone-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files: InspectorFiles;
let modules: readonly string[] = [];
beforeAll(async () => {
  modules = await buildInspector(folder);
  files = readInspectorFiles(folder);
});

const nasty = '</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)>';
const key = 'sk-abcdefghijklmnopqrstuvwxyz012345';

/** The page of a flow whose payloads are as bad as can be. */
async function exportPage(): Promise<string> {
  const flow = { id: 'f', description: nasty, steps: [{ id: 'a', uses: 'tool:a', with: { text: '{% input.text %}' } }, { id: 'b', uses: 'tool:b', depends_on: ['a'], critical: false }] };
  const { runtime, store } = await openRuntime(flow, { a: () => ({ nasty, key, secret: 'open sesame' }), b: () => { throw new Error(`${nasty} ${key}`); } });
  const { executionId } = await runtime.start('f', { input: { text: `${nasty} Bearer ${'x'.repeat(40)}` } });
  await runtime.settled(executionId);
  const record = await store.getExecution(executionId);
  if (!record) throw new Error('It is gone');
  const plan = await new PlanRegistry().load(store, record.digest);
  const page = (await gather(renderInspectorPage({ reader: store, plan, record, now: 0 }, files, ['open sesame']))).join('');
  await runtime.stop();
  return page;
}

const readData = (page: string): InspectedExecution => JSON.parse(/<script type="application\/json" id="execution">(.*?)<\/script>/s.exec(page)?.[1] ?? 'null') as InspectedExecution;

describe('the page with an execution in it', () => {
  it('lets nothing run but its own script and style, and reach nothing', async () => {
    const page = await exportPage();
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const script = /<script type="module">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '';
    expect(script.length).toBeGreaterThan(10_000);
    expect(policy).toBe(`default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`);
    expect(page.match(/<script/g)).toHaveLength(2);
  });

  it('keeps markup in payloads from being markup, and payloads as they were', async () => {
    const page = await exportPage();
    expect(page).not.toContain('<img');
    expect(page).not.toContain('alert(1)</script>');
    expect(readData(page).plan.definition.description).toBe(nasty);
  });

  it('holds no secret that the redactor knows', async () => {
    const page = await exportPage();
    expect(page).not.toContain(key);
    expect(page).not.toContain('open sesame');
    expect(page).not.toContain('x'.repeat(40));
    expect(page).toContain('[redacted]');
  });

  it('is replayed to the stored states from what is in it', async () => {
    const document = readData(await exportPage());
    const history = replayDocument(document);
    expect(history.mismatches).toEqual([]);
    expect(history.getState('', history.length)?.value).toBe('scored');
  });

  it('names the packages that are in it', () => {
    expect(modules.some(file => file.startsWith('node_modules/preact/'))).toBe(true);
    expect(modules.every(file => file.startsWith('node_modules/'))).toBe(true);
  });
});

describe('flowstone export --html', () => {
  it.each([['--format', 'json'], ['--out', 'x'], ['--files', 'x']])('takes no %s beside it', async (option, value) => {
    const cwd = createFolder();
    expect(await run(['export', 'x', '--html', 'page.html', option, value], cwd.path)).toMatchObject({ code: 2, stderr: expect.stringContaining(option) });
    cwd.remove();
  });

  it('says how the page is made where there is none', () => {
    expect(() => readInspectorFiles(join(folder, 'nowhere'))).toThrow(/npm run build/);
  });
});
