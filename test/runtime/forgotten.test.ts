import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('forgotten-program.ts', import.meta.url));

async function run(...argv: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--conditions=flowstone-source', program, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', chunk => (stdout += String(chunk)));
  child.stderr.on('data', chunk => (stderr += String(chunk)));
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  return { code, stdout, stderr };
}

it.each(['settled', 'runtime.settled', 'waitFor'])('does not end the process at a graceful stop when nobody awaits %s()', async what => {
  expect(await run(what)).toEqual({ code: 0, stdout: 'stopped\n', stderr: '' });
});

it('tells whoever awaits it that the runtime has stopped', async () => {
  expect((await run('awaited')).stdout).toContain('runtime_stopped');
});

it.skipIf(process.platform === 'win32')('warns once when nothing but a socket for other processes keeps the process alive', async () => {
  const { code, stdout } = await run('stop', join(tmpdir(), `forgotten-${process.pid}.sock`));
  expect(code).toBe(0);
  const warnings = stdout.trim().split('\n').map(line => JSON.parse(line) as { code: string; message: string });
  expect(warnings).toMatchObject([{ code: 'FLOWSTONE_NOT_STOPPED', message: expect.stringContaining('Call `stop()`') as string }]);
});
