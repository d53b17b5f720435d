import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { expectCode } from '../persistence/conformance/commit.ts';
import { runProgram } from '../../src/views/cli/program.ts';
import { Writable } from 'node:stream';
import { systemClock } from '../../src/core/clock.ts';

const logs = join(import.meta.dirname, '../fixtures/reev/logs');
const id = '974b44e5-8346-47ed-9da7-916f0836696f';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-import-'));
  copyFileSync(join(logs, 'test_manual.jsonl'), join(folder, 'log.jsonl'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function flowstone(...argv: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const stdout = Object.assign(new Writable({ write: (chunk, _encoding, done) => (void (out += String(chunk)), done()) }), { isTTY: false, columns: 100 });
  const code = await runProgram([...argv, '--db', 'a.db'], { stdout, stderr: stdout, env: {}, cwd: folder, clock: systemClock, json: argv.includes('--json') } as never);
  return { code, out };
}

describe('flowstone import', () => {
  it('imports, says so again, and leaves an execution that every command can read', async () => {
    const first = await flowstone('import', 'log.jsonl', '--json');
    expect(first.code).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({ imported: [{ executionId: id, result: 'imported', status: 'failed', score: 0, steps: 2, toolCalls: 2, events: 12, skipped: [{ line: 13 }, { line: 14 }] }] });
    expect(JSON.parse((await flowstone('import', 'log.jsonl', '--json')).out)).toMatchObject({ imported: [{ executionId: id, result: 'unchanged' }] });
    expect((await flowstone('import', 'log.jsonl')).out).toContain('unchanged');
    expect(JSON.parse((await flowstone('list', '--json')).out)).toMatchObject({ executions: [{ executionId: id, status: 'failed', score: 0, passed: false }] });
    expect((await flowstone('show', id)).out).toMatch(/imported from log\.jsonl, agent glm-4\.6-coding/);
    expect((await flowstone('show', id, '--history')).code).toBe(0);
    expect((await flowstone('graph', '--execution', id)).out).toContain('balance_check');
    expect((await flowstone('stats', '--by', 'agent')).out).toContain('glm-4.6-coding');
  });

  it('refuses what is no log with one clear error', async () => {
    const { code, out } = await flowstone('import', 'a.db', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ error: { code: 'import_invalid' } });
  });

  it('leaves executions that are read only, and kept', async () => {
    const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder, 'a.db') }), retentionMs: 0 });
    await expectCode(() => runtime.retry(id), 'execution_imported');
    expect(await runtime.cancel(id)).toBe(false);
    await expectCode(() => runtime.start('x', { idempotencyKey: 'import:me' }), 'option_invalid');
    expect((await runtime.settled(id)).status).toBe('failed');
    await runtime.stop();
  });
});
