import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFolder, killAll, run, start } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => {
  killAll();
  folder.remove();
});

// A tool that stands still until a file appears: nothing here waits for time to pass.
const toolsText = `
import { defineTool } from 'flowstone';
import { z } from 'zod';
import { existsSync, watch, appendFileSync } from 'node:fs';
export const note = defineTool({ name: 'note', input: z.object({ text: z.string() }), run: ({ input }) => { appendFileSync('notes.txt', input.text + '\\n'); return input.text; } });
export const gate = ({ input, signal }) => new Promise((resolve, reject) => {
  const look = () => { if (existsSync(input.file)) { watcher.close(); resolve('open'); } };
  const watcher = watch('.', look);
  signal.addEventListener('abort', () => { watcher.close(); reject(signal.reason); });
  look();
});
`;
const definition = (id: string, file: string): string =>
  `id: ${id}\ninput: { type: object, properties: { mark: { default: x } } }\nsteps:\n  - { id: first, uses: "tool:note", with: { text: ${id} } }\n  - { id: gate, uses: "tool:gate", depends_on: [first], with: { file: ${file} } }\n  - { id: last, uses: "tool:note", depends_on: [gate], with: { text: ${id}-done } }\n`;
writeFileSync(join(cwd, 'tools.ts'), toolsText);
// As `npm init` leaves it: modules all the same.
writeFileSync(join(cwd, 'package.json'), '{"type":"commonjs"}');
writeFileSync(join(cwd, 'signal.yml'), 'id: approval\nsteps:\n  - { id: approve, uses: signal, with: { name: go } }\n  - { id: after, uses: "tool:note", depends_on: [approve], with: { text: approved } }\n');

const argvOf = (file: string, db: string): string[] => ['run', file, '--tools', 'tools.ts', '--db', db];

describe.concurrent('the program as a process', () => {
  it('answers --version at once, also as JSON', async () => {
    const plain = await start(['--version'], cwd).ended;
    const json = await start(['--json', '--version'], cwd).ended;
    expect([plain.code, plain.stderr]).toEqual([0, '']);
    expect(JSON.parse(json.stdout)).toEqual({ version: plain.stdout.trim() });
  });

  it('goes on after SIGKILL with the run that was cut off, and says what it resumed', async () => {
    writeFileSync(join(cwd, 'killed.yml'), definition('killed', 'killed.open'));
    const first = start(argvOf('killed.yml', 'killed.db'), cwd);
    await first.saw('gate      running');
    first.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    expect((await run(['list', '--db', 'killed.db'], cwd)).stdout).toContain('1 run was cut off');

    writeFileSync(join(cwd, 'killed.open'), '');
    const second = await start([...argvOf('killed.yml', 'killed.db'), '--json'], cwd).ended;
    expect(second.code).toBe(0);
    const { steps, executionId, interruptions } = JSON.parse(second.stdout);
    expect(second.stderr).toContain(`Resumed ${executionId}: 1 of 3 steps was already completed, 1 run was cut off`);
    expect(interruptions).toBe(1);
    expect(steps).toMatchObject([{ stepId: 'first', attempts: 1 }, { stepId: 'gate', attempts: 1 }, { stepId: 'last', attempts: 1 }]);

    // Settled now: the next run is a new one.
    const third = JSON.parse((await start([...argvOf('killed.yml', 'killed.db'), '--json'], cwd).ended).stdout);
    expect(third.executionId).not.toBe(executionId);
  });

  it('stops gracefully on Ctrl-C, can be resumed, and names others that are unfinished', async () => {
    writeFileSync(join(cwd, 'stopped.yml'), definition('stopped', 'stopped.open'));
    const first = start(argvOf('signal.yml', 'stopped.db'), cwd);
    await first.saw('for signal go');
    first.kill('SIGINT');
    const ended = await first.ended;
    expect(ended.code).toBe(130);
    expect(ended.stdout).toMatch(/flowstone resume [0-9a-f-]{36} --tools tools\.ts --db stopped\.db/);

    writeFileSync(join(cwd, 'stopped.open'), '');
    const other = await start(argvOf('stopped.yml', 'stopped.db'), cwd).ended;
    expect(other.code).toBe(0);
    expect(other.stdout).toContain('1 other unfinished execution: flowstone resume --db stopped.db');

    const [{ executionId }] = JSON.parse((await run(['list', '--status', 'unfinished', '--db', 'stopped.db', '--json'], cwd)).stdout).executions;
    const sent = await start(['signal', executionId, 'go', '{"by":"me"}', '--db', 'stopped.db', '--json'], cwd).ended;
    expect([sent.code, JSON.parse(sent.stdout)]).toMatchObject([0, { executionId, signal: 'go', deliveredTo: null }]);
    const resumed = await start(['resume', '--tools', 'tools.ts', '--db', 'stopped.db', '--json'], cwd).ended;
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout).executions).toMatchObject([{ executionId, status: 'scored', steps: [{ stepId: 'approve', status: 'completed', output: { by: 'me' } }, { stepId: 'after', output: 'approved' }] }]);
  });

  it('keeps standard output to its one document, whatever tools print', async () => {
    writeFileSync(join(cwd, 'chatty.yml'), 'id: chatty\nsteps:\n  - { id: talk, uses: "tool:talk" }\n');
    writeFileSync(join(cwd, 'chatty.mjs'), "export const talk = () => { console.log('from the tool'); process.stdout.write('raw'); return 1; };\n");
    const { code, stdout, stderr } = await start(['run', 'chatty.yml', '--tools', 'chatty.mjs', '--db', 'chatty.db', '--json'], cwd).ended;
    expect([code, JSON.parse(stdout).status]).toEqual([0, 'scored']);
    expect(stderr).toContain('from the tool\nraw');
  });

  it('could not run when a tool throws where nobody can catch it, and can be resumed', async () => {
    writeFileSync(join(cwd, 'stray.yml'), 'id: stray\nsteps:\n  - { id: throws, uses: "tool:stray" }\n');
    writeFileSync(join(cwd, 'stray.mjs'), "export const stray = () => new Promise(() => setTimeout(() => { throw new Error('astray'); }, 1));\n");
    const { code, stdout } = await start(['run', 'stray.yml', '--tools', 'stray.mjs', '--db', 'stray.db', '--json'], cwd).ended;
    expect([code, JSON.parse(stdout).error]).toMatchObject([3, { code: 'uncaught_error', message: expect.stringContaining('astray') }]);
    expect((await run(['list', '--db', 'stray.db'], cwd)).stdout).toContain('1 run was cut off');
  });

  it('ends at once on a second Ctrl-C', async () => {
    writeFileSync(join(cwd, 'twice.yml'), 'id: twice\nsteps:\n  - { id: deaf, uses: "tool:deaf" }\n');
    writeFileSync(join(cwd, 'deaf.mjs'), 'export const deaf = () => new Promise(() => setInterval(() => {}, 1_000));\n');
    const child = start(['run', 'twice.yml', '--tools', 'deaf.mjs', '--db', 'twice.db'], cwd);
    await child.saw('deaf      running');
    child.kill('SIGINT');
    await child.saw('Stopping');
    child.kill('SIGINT');
    expect((await child.ended).code).toBe(130);
  });

  it('leaves a live database alone and names who owns it; signals and cancels reach the owner', async () => {
    const owner = start([...argvOf('signal.yml', 'owned.db'), '--json'], cwd);
    await owner.saw('for signal go');
    const refused = await start([...argvOf('signal.yml', 'owned.db'), '--json'], cwd).ended;
    expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([3, 'store_owned']);
    expect(refused.stderr).toContain(`process ${owner.pid}`);

    const listed = JSON.parse((await start(['list', '--db', 'owned.db', '--json'], cwd).ended).stdout);
    expect(listed.owner.pid).toBe(owner.pid);
    expect(listed.executions[0].waitsFor).toContain('approve waits for signal go');
    const { executionId } = listed.executions[0];

    const sent = await start(['signal', executionId, 'go', '7', '--db', 'owned.db', '--json'], cwd).ended;
    expect([sent.code, JSON.parse(sent.stdout).deliveredTo]).toEqual([0, owner.pid]);
    const ended = await owner.ended;
    expect([ended.code, JSON.parse(ended.stdout).steps[0].output]).toEqual([0, 7]);
    const late = await start(['cancel', executionId, '--db', 'owned.db', '--json'], cwd).ended;
    expect([late.code, JSON.parse(late.stdout).cancelled]).toEqual([1, false]);

    const second = start([...argvOf('signal.yml', 'owned.db'), '--json'], cwd);
    await second.saw('for signal go');
    const [{ executionId: next }] = JSON.parse((await run(['list', '--status', 'unfinished', '--db', 'owned.db', '--json'], cwd)).stdout).executions;
    const cancelled = await start(['cancel', next, '--message', 'no need', '--db', 'owned.db', '--json'], cwd).ended;
    expect([cancelled.code, JSON.parse(cancelled.stdout)]).toMatchObject([0, { cancelled: true, deliveredTo: second.pid }]);
    const over = await second.ended;
    expect([over.code, JSON.parse(over.stdout)]).toMatchObject([1, { status: 'failed', passed: false, failure: { code: 'cancelled', message: 'no need' } }]);
  });

  it('goes on in one of two processes that resume the same run; the other one names it', async () => {
    writeFileSync(join(cwd, 'both.yml'), definition('both', 'both.open'));
    const cut = start(argvOf('both.yml', 'both.db'), cwd);
    await cut.saw('gate      running');
    cut.kill('SIGKILL');
    await cut.ended;
    const both = [1, 2].map(() => start(['resume', '--tools', 'tools.ts', '--db', 'both.db', '--json'], cwd));
    // The gate is shut: whoever ends now did not get to run it.
    const first = await Promise.race(both.map(async ({ ended }, index) => ({ index, ...await ended })));
    const other = both[1 - first.index];
    expect([first.code, JSON.parse(first.stdout).error]).toMatchObject([3, { code: 'store_owned', message: expect.stringContaining(`process ${other?.pid}`) }]);
    writeFileSync(join(cwd, 'both.open'), '');
    const ended = await other?.ended;
    expect([ended?.code, JSON.parse(ended?.stdout ?? '').executions]).toMatchObject([0, [{ status: 'scored', passed: true, steps: [{ attempts: 1 }, { attempts: 1 }, { attempts: 1 }] }]]);
    const notes = readFileSync(join(cwd, 'notes.txt'), 'utf8').split('\n').filter(line => line.startsWith('both'));
    expect(notes).toEqual(['both', 'both-done']);
  });

  it('resumes those it has the tools for and lists the others', async () => {
    writeFileSync(join(cwd, 'blocked.yml'), definition('blocked', 'blocked.open'));
    // Under a key of one's own nothing is remembered but the key.
    const child = start([...argvOf('blocked.yml', 'blocked.db'), '--idempotency-key', 'own'], cwd);
    await child.saw('gate      running');
    child.kill('SIGKILL');
    await child.ended;
    const without = await start(['resume', '--db', 'blocked.db', '--json'], cwd).ended;
    expect(without.code).toBe(3);
    expect(JSON.parse(without.stdout).executions).toMatchObject([{ flowId: 'blocked', status: 'stepping', blockedBy: { code: 'tool_unknown' } }]);
    expect(without.stderr).toMatch(/Not resumed: .*note/);
    writeFileSync(join(cwd, 'blocked.open'), '');
    const resumed = await start(['resume', '--tools', 'tools.ts', '--db', 'blocked.db'], cwd).ended;
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain('1 of 3 steps was already completed');
    expect((await start(['resume', '--db', 'blocked.db'], cwd).ended).stdout).toContain('Nothing to resume');
  });
});
