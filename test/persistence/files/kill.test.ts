import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFilesStore } from '../../../src/files.ts';
import { owner } from '../conformance/fixtures.ts';

const victim = join(import.meta.dirname, 'victim.ts');

/** Runs a victim until it has said so many lines, kills it, and returns the last key it said it had stored. */
function runAndKill(folder: string, durability: string, lines: number): Promise<{ begin: number; last: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [victim, folder, durability], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', chunk => {
      text += String(chunk);
      if (text.split('\n').length > lines) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => {
      const whole = text.split('\n').slice(0, -1);
      const begin = Number(whole[0]?.split(' ')[1]);
      resolve({ begin, last: whole.length > 1 ? Number(whole.at(-1)) : begin });
    });
  });
}

describe('a process killed with SIGKILL while it commits to files', () => {
  it.each(['power', 'process'] as const)('loses nothing it has committed, with durability %s', async durability => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-files-kill-'));
    try {
      let stored = 0;
      for (const lines of [2, 9, 31, 57]) {
        const { begin, last } = await runAndKill(folder, durability, lines);
        expect(begin).toBe(stored);
        expect(last).toBeGreaterThan(begin);
        const store = openFilesStore({ folder, durability });
        expect(store.getOwner()).toBeUndefined();
        stored = store.acquire(owner);
        // The one that was under way may be stored without having been said.
        expect([last, last + 1]).toContain(stored);
        for (let key = 1; key <= stored; key++) {
          expect(store.getOutput(key, 0, -1)?.length).toBe(((key * 997) % 40_000) + 2);
          const session = join(folder, 'sessions', `session_execution-${key}.json`);
          expect(existsSync(session) && JSON.parse(readFileSync(session, 'utf8'))).toMatchObject({ executionId: `execution-${key}`, status: 'scored' });
        }
        store.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
