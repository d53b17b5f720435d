import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/open-records.ts';
import type { FlowError } from '../../src/core/errors.ts';
import { isFlowError } from '../../src/core/errors.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { measureCpu } from '../cpu-time.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'flowstone-bad-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The one error, which must be ours. */
async function catchError(work: () => unknown): Promise<FlowError> {
  try {
    await work();
  } catch (error) {
    if (!isFlowError(error)) throw error;
    return error;
  }
  throw new Error('Nothing was thrown');
}

const valid = 'id: f\nsteps:\n  - id: a\n    uses: tool:work\n';

/** Rows of every table. */
function countRows(file: string): Record<string, number> {
  const database = new Database(file, { readonly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").pluck().all() as string[];
    return Object.fromEntries(tables.map(name => [name, database.prepare(`SELECT count(*) FROM "${name}"`).pluck().get() as number]));
  } finally {
    database.close();
  }
}

describe('a file that is no flow', () => {
  it.each([
    ['not YAML', 'id: [unclosed\nsteps: {', 'definition_invalid'],
    ['binary', '\u0000\u0001\u0002 steps', 'definition_invalid'],
    ['empty', '', 'definition_invalid'],
    ['a list', '- a\n- b\n', 'definition_invalid'],
    ['a text', 'hello', 'definition_invalid'],
    ['steps of a wrong type', 'id: f\nsteps: 7\n', 'definition_invalid'],
    ['every type wrong', 'id: 5\nversion: []\nmode: loud\nconcurrency: many\ntimeout: soon\nsteps:\n  - id: 1\n    uses: tool\n    retry: 3\n', 'definition_invalid'],
    ['a key twice', `${valid}id: g\n`, 'definition_invalid'],
    ['aliases that explode', `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from('bcdefghi', (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join()}]`).join('\n')}\n${valid}`, 'definition_invalid'],
    ['100,000 levels of brackets', `id: f\nsteps: ${'['.repeat(100_000)}`, 'definition_invalid'],
    ['two documents', `${valid}---\n${valid}`, 'definition_invalid'],
    ['a cycle', 'id: f\nsteps:\n  - {id: a, uses: exec, depends_on: [b]}\n  - {id: b, uses: exec, depends_on: [a]}\n', 'definition_invalid'],
  ])('is refused with one error and a code: %s', async (_what, text, code) => {
    const file = join(folder, 'flow.yml');
    writeFileSync(file, text);
    const spent = measureCpu();
    const error = await catchError(() => loadFlow(file));
    expect(error.code).toBe(code);
    expect(error.message).toContain('flow.yml');
    expect(error.message.length).toBeLessThan(20_000);
    // Bounded work, whatever the file says; generous, so that no machine is too slow.
    expect(spent()).toBeLessThan(10_000);
  });

  it('is not read when it has 50 MB', async () => {
    const file = join(folder, 'flow.yml');
    writeFileSync(file, `${valid}#${'x'.repeat(50_000_000)}`);
    expect((await catchError(() => loadFlow(file))).code).toBe('definition_too_large');
  });

  it('or is no file at all is refused, too', async () => {
    expect((await catchError(() => loadFlow(join(folder, 'none.yml')))).code).toBe('definition_unreadable');
    expect((await catchError(() => loadFlow(folder))).code).toBe('definition_unreadable');
  });
});

describe('a call with wrong values', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  type Call = (runtime: Runtime, executionId: string) => unknown;
  const wrong = (value: unknown): never => value as never;
  const calls: readonly (readonly [what: string, call: Call, code: RegExp])[] = [
    ['start of an unknown flow', runtime => runtime.start('nope'), /^flow_unknown$/],
    ['start of null', runtime => runtime.start(wrong(null)), /^option_invalid$/],
    ['start without options', runtime => runtime.start('f', wrong(null)), /^option_invalid$/],
    ['start with an input that fails its schema', runtime => runtime.start('f', { input: { n: 'seven' } }), /^input_invalid$/],
    ['start without the input that its schema requires', runtime => runtime.start('f'), /^input_invalid$/],
    ['start with a BigInt', runtime => runtime.start('f', { input: { n: 1n } }), /^value_not_json$/],
    ['start with NaN', runtime => runtime.start('f', { input: { n: Number.NaN } }), /^value_not_json$/],
    ['start with a function', runtime => runtime.start('f', { input: { n: () => 1 } }), /^value_not_json$/],
    ['start with a value that contains itself', runtime => runtime.start('f', { input: cyclic }), /^value_not_json$/],
    ['start with 50 MB', runtime => runtime.start('f', { input: { n: 1, text: 'x'.repeat(50_000_000) } }), /^value_too_large$/],
    ['start with a priority that is no number', runtime => runtime.start('f', { input: { n: 1 }, priority: wrong('high') }), /^option_invalid$/],
    ['start with a key that is no text', runtime => runtime.start('f', { input: { n: 1 }, idempotencyKey: wrong({}) }), /^option_invalid$/],
    ['signal without a name', (runtime, id) => runtime.signal(id, wrong(undefined)), /^option_invalid$/],
    ['signal with an object as its name', (runtime, id) => runtime.signal(id, wrong({})), /^option_invalid$/],
    ['signal with a BigInt', (runtime, id) => runtime.signal(id, 'go', 1n), /^value_not_json$/],
    ['signal with 50 MB', (runtime, id) => runtime.signal(id, 'go', 'x'.repeat(50_000_000)), /^value_too_large$/],
    ['signal to nobody', runtime => runtime.signal('nope', 'go'), /^execution_not_found$/],
    ['cancel with a message that is no text', (runtime, id) => runtime.cancel(id, wrong(5n)), /^option_invalid$/],
    ['cancel of nobody', runtime => runtime.cancel('nope'), /^execution_not_found$/],
    ['settled of nobody', runtime => runtime.settled('nope'), /^execution_not_found$/],
    ['get of an object', runtime => runtime.get(wrong({})), /^option_invalid$/],
    ['list with a limit that is no number', runtime => runtime.list({ limit: wrong('many') }), /^option_invalid$/],
    ['list with a negative limit', runtime => runtime.list({ limit: -1 }), /^option_invalid$/],
    ['restart of a runtime that runs', runtime => runtime.restart(), /^runtime_running$/],
  ];

  it.each(calls)('is refused with one error and writes nothing: %s', async (_what, call, code) => {
    const file = join(folder, 'flows.db');
    const { runtime } = await openRuntime(
      [
        { id: 'f', input: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } }, steps: [{ id: 'a', uses: 'tool:work' }] },
        { id: 'waits', steps: [{ id: 'w', uses: 'signal', with: { name: 'go' } }] },
      ],
      { work: () => 1 },
      { store: openSqliteStore({ file }) },
    );
    const { executionId } = await runtime.start('waits');
    await settleTicks();
    const before = countRows(file);
    const error = await catchError(() => call(runtime, executionId));
    expect(error.code).toMatch(code);
    await settleTicks();
    expect(countRows(file)).toEqual(before);
    expect(runtime.health().status).toBe('running');
    expect(await (await runtime.start('f', { input: { n: 1 } })).settled()).toMatchObject({ passed: true });
    await runtime.stop();
  });
});

describe('a runtime with wrong options', () => {
  it.each([
    ['no concurrency', { maxRunningSteps: 0 }], ['half a flow', { maxActiveFlows: 0.5 }], ['a text', { maxOutputBytes: '1' as never }],
    ['no name', { tools: [{ run: () => 1 } as never] }], ['no tool', { tools: [null as never] }], ['a negative retention', { retentionMs: -1 }],
  ])('is refused, and the store is free for the next: %s', async (_what, options) => {
    const file = join(folder, 'flows.db');
    const error = await catchError(() => createRuntime({ store: openSqliteStore({ file }), ...options }));
    expect(error.code).toMatch(/^(option|tool)_invalid$/);
    const runtime = await createRuntime({ store: openSqliteStore({ file }) });
    await runtime.stop();
  });
});

describe('an output that is refused', () => {
  it('leaves no row of itself, and the step\'s failure', async () => {
    const file = join(folder, 'flows.db');
    const { runtime } = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:work' }] }, { work: () => 'x'.repeat(10_000_000) }, { store: openSqliteStore({ file }) });
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[0]).toMatchObject({ status: 'failed', reason: { code: 'value_too_large' } });
    const database = new Database(file, { readonly: true });
    expect(database.prepare('SELECT status, output FROM attempts').all()).toEqual([{ status: 'failed', output: null }]);
    database.close();
    await runtime.stop();
  });
});
