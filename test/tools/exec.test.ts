import { chmod, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createExecTool } from '../../src/tools/exec.ts';
import { callTool, failureOf, makeFolder, outputOf } from './call-tool.ts';

const node = process.execPath;

function script(source: string, ...args: string[]): { command: string; args: string[] } {
  return { command: node, args: ['-e', source, '--', ...args] };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A program that starts another one, writes both ids down and stays. */
const family = (grandchild: string): string => `
  const { spawn } = require('node:child_process');
  const { writeFileSync } = require('node:fs');
  const child = spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' });
  writeFileSync('pids', [process.pid, child.pid].join());
  setInterval(() => {}, 1000);`;

async function readPids(folder: string): Promise<number[]> {
  return vi.waitFor(
    async () => {
      const pids = (await readFile(path.join(folder, 'pids'), 'utf8')).split(',').map(Number);
      expect(pids).toHaveLength(2);
      return pids;
    },
    { timeout: 60_000 },
  );
}

describe('exec', () => {
  it('hands on a variable of any name, and refuses one that is no text', async () => {
    const env = JSON.parse('{"__proto__":"kept","constructor":"too"}') as { [name: string]: string };
    const output = await outputOf('exec', { ...script('console.log(Object.entries(process.env).filter(([name]) => /^(__proto__|constructor)$/.test(name)).join(";"))'), env });
    expect(output).toMatchObject({ stdout: expect.stringMatching(/__proto__,kept/) as string });
    expect(output).toMatchObject({ stdout: expect.stringMatching(/constructor,too/) as string });
    await expect(failureOf('exec', { command: 'true', env: { A: 1 } } as never)).rejects.toThrow('env.A');
    await expect(failureOf('exec', { command: 'true', env: ['a'] } as never)).rejects.toThrow('env');
  });

  it('returns what a program printed', async () => {
    const output = await outputOf('exec', script('console.log("out"); console.error("err")'));
    expect(output).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'err\n', stderrTruncated: false });
  });

  it('hands arguments over as they are, never through a shell', async () => {
    const hostile = ['$(touch x)', '; exit 3', '"', "'", '*', '', 'two words', '`id`'];
    const output = await outputOf<{ stdout: unknown }>('exec', { ...script('console.log(JSON.stringify(process.argv.slice(1)))', ...hostile), parse: 'json' });
    expect(output.stdout).toEqual(hostile);
  });

  it('takes numbers and booleans as arguments', async () => {
    const call = { ...script('console.log(process.argv.slice(1).join())'), parse: 'lines' };
    expect(await outputOf('exec', { ...call, args: [...call.args, 3, true] })).toMatchObject({ stdout: ['3,true'] });
  });

  it('writes the input to standard input', async () => {
    expect(await outputOf('exec', { ...script('process.stdin.pipe(process.stdout)'), input: 'hällo' })).toMatchObject({ stdout: 'hällo' });
  });

  it('does not mind a program that leaves its input unread', async () => {
    expect(await outputOf('exec', { ...script('process.exit(0)'), input: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 });
  });

  it('splits lines and keeps empty ones but the last', async () => {
    expect(await outputOf('exec', { ...script('process.stdout.write("a\\n\\nb\\r\\n")'), parse: 'lines' })).toMatchObject({ stdout: ['a', '', 'b'] });
  });

  it('passes the idempotency key, the environment and the folder', async () => {
    const folder = await makeFolder();
    const source = 'console.log(JSON.stringify([process.env.FLOWSTONE_IDEMPOTENCY_KEY, process.env.COLOUR, process.cwd(), !!process.env.PATH]))';
    const call = { ...script(source), env: { COLOUR: 'red', FLOWSTONE_IDEMPOTENCY_KEY: 'forged' }, cwd: folder, parse: 'json' };
    expect(await outputOf('exec', call, { idempotencyKey: 'e9/s#1' })).toMatchObject({ stdout: ['e9/s#1', 'red', folder, true] });
  });

  it('fails retryably with the exit code and the end of standard error', async () => {
    const failure = await failureOf('exec', script('console.error("first\\nthe reason"); process.exitCode = 7'));
    expect(failure).toMatchObject({ code: 'exec_failed', retryable: true, details: { exitCode: 7, signal: null, stderr: 'first\nthe reason' } });
    expect(failure.message).toContain('ended with exit code 7: the reason');
  });

  it('completes with an exit code that is allowed', async () => {
    expect(await outputOf('exec', { ...script('process.exit(3)'), allowedExitCodes: [0, 3] })).toMatchObject({ exitCode: 3 });
  });

  it('names the signal that ended a program', async () => {
    const failure = await failureOf('exec', script('process.kill(process.pid, "SIGKILL")'));
    expect(failure).toMatchObject({ code: 'exec_failed', details: { exitCode: null, signal: 'SIGKILL' } });
  });

  it('does not retry a program that is not there, or not a program', async () => {
    const folder = await makeFolder({ 'plain.txt': 'x' });
    await chmod(path.join(folder, 'plain.txt'), 0o644);
    for (const command of ['flowstone-no-such-program', path.join(folder, 'plain.txt')]) {
      expect(await failureOf('exec', { command })).toMatchObject({ code: 'exec_not_found', retryable: false });
    }
    expect(await failureOf('exec', { ...script(''), cwd: path.join(folder, 'gone') })).toMatchObject({ code: 'exec_not_found', retryable: false });
  });

  it('stops a program that prints too much', async () => {
    const failure = await failureOf('exec', { ...script('for (;;) process.stdout.write("x".repeat(65536))'), maxOutputBytes: 100_000 });
    expect(failure).toMatchObject({ code: 'exec_output_too_large', retryable: false, details: { maxOutputBytes: 100_000 } });
  });

  it('keeps the end of a long standard error', async () => {
    const output = await outputOf<{ stderr: string }>('exec', script('process.stderr.write("x".repeat(200000) + "end")'));
    expect(output).toMatchObject({ stderrTruncated: true });
    expect(output.stderr).toHaveLength(64 * 1024);
    expect(output.stderr.endsWith('end')).toBe(true);
  });

  it('fails when JSON was promised and something else was printed', async () => {
    expect(await failureOf('exec', { ...script('console.log("{")'), parse: 'json' })).toMatchObject({ code: 'exec_output_invalid', retryable: false });
  });

  it('refuses unknown keys and NUL characters before anything runs', async () => {
    await expect(callTool('exec', { command: node, shell: true })).rejects.toThrow(/shell/);
    await expect(callTool('exec', { command: node, args: ['a\0b'] })).rejects.toThrow(/NUL/);
  });
});

describe.skipIf(process.platform === 'win32')('exec, aborted', () => {
  it('ends the whole process tree and rejects with the reason', async () => {
    const folder = await makeFolder();
    const controller = new AbortController();
    const run = callTool('exec', { ...script(family('setInterval(() => {}, 1000)')), cwd: folder }, { signal: controller.signal });
    const settled = expect(run).rejects.toThrow('out of time');
    const pids = await readPids(folder);
    expect(pids.map(isAlive)).toEqual([true, true]);
    controller.abort(new Error('out of time'));
    await settled;
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('kills after the grace what ignores SIGTERM', async () => {
    const folder = await makeFolder();
    const controller = new AbortController();
    let [passed, day] = [0, 0];
    // By time that passes for the process: whatever day it is said to be.
    const clock = { ...systemClock, now: () => (day += 86_400_000), passed: () => (passed += 100) };
    const source = `process.on('SIGTERM', () => {}); ${family("process.on('SIGTERM', () => {}); require('node:fs').writeFileSync('ready', ''); setInterval(() => {}, 1000)")}`;
    const run = callTool(createExecTool({ clock, graceMs: 300 }), { ...script(source), cwd: folder }, { signal: controller.signal });
    const settled = expect(run).rejects.toThrow('cancelled');
    const pids = await readPids(folder);
    await vi.waitFor(() => readFile(path.join(folder, 'ready')), { timeout: 60_000 });
    controller.abort(new Error('cancelled'));
    await settled;
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), { timeout: 60_000 });
  });

  it('ends with its program, with all that it wrote, though what that left in the background holds its pipes', async () => {
    const folder = await makeFolder();
    const leaving = `${family('setInterval(() => {}, 1000)')} process.stdout.write('x'.repeat(100_000), () => process.exit(0));`;
    const { stdout } = (await callTool('exec', { ...script(leaving), cwd: folder })) as { stdout: string };
    expect(stdout).toHaveLength(100_000);
    const [, left] = await readPids(folder);
    expect(isAlive(left as number)).toBe(true);
    process.kill(left as number, 'SIGKILL');
  });

  it('starts nothing when the signal has aborted before', async () => {
    const folder = await makeFolder();
    const call = { ...script('require("node:fs").writeFileSync("ran", "")'), cwd: folder };
    await expect(callTool('exec', call, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
    await expect(readFile(path.join(folder, 'ran'))).rejects.toThrow('ENOENT');
  });
});
