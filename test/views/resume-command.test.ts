import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createRunKey } from '../../src/views/cli/start-folder.ts';
import { createFolder, run } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => folder.remove());

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
/** A command as it was printed: what a shell would make of it. */
const split = (command: string): string[] => [...command.trim().matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1);
const findCommand = (text: string, word: string): string => text.split('\n').find(line => line.trim().replace(/^next +/, '').startsWith(`flowstone ${word} `))?.trim().replace(/^next +/, '') ?? '';

write('a report.yml', 'id: a-report\nsteps:\n  - { id: ask, uses: signal, with: { name: "go on" } }\n  - { id: call, uses: "flow:part", depends_on: [ask] }\n');
write('broken.yml', 'id: broken\nsteps:\n  - { id: call, uses: "flow:part" }\n');
write('part.yml', 'id: part\nsteps:\n  - { id: work, uses: "tool:work" }\n');
const tools = `import { existsSync } from 'node:fs';
export const work = () => { if (!existsSync(new URL('online', import.meta.url))) throw new Error('The network is down'); return 'done'; };
`;
write('a report.tools.mjs', tools);
write('broken.tools.mjs', tools);

describe('what the program prints', () => {
  it('retries an execution with child flows, with the tools found beside its flow', async () => {
    const first = await run(['run', 'broken.yml', '--db', 'a b.db'], cwd);
    expect(first.code).toBe(1);
    const command = findCommand(first.stdout, 'retry');
    expect(command).toMatch(/^flowstone retry \S+ --tools broken\.tools\.mjs --db 'a b\.db'$/);
    write('online', '');
    expect(await run(split(command), cwd)).toMatchObject({ code: 0 });
    // Without what it was told: the definition is in the database, the tools are where they were.
    const id = split(command)[1] as string;
    expect(await run(['retry', id, 'call', '--db', 'a b.db'], cwd)).toMatchObject({ code: 0 });
  });

  it('resumes one as `list` says, and sends the signal that it names', async () => {
    const store = openSqliteStore({ file: join(cwd, 'list.db') });
    const runtime = await createRuntime({ store, tools: [{ name: 'work', run: () => 1 }], flows: [await loadFlow(join(cwd, 'a report.yml')), await loadFlow(join(cwd, 'part.yml'))] });
    await runtime.start('a-report', { idempotencyKey: createRunKey(systemClock.now(), cwd, 'a report.tools.mjs') });
    await runtime.stop();
    rmSync(join(cwd, 'part.yml'));
    write('online', '');
    const { stdout } = await run(['list', '--db', 'list.db'], cwd);
    const signal = findCommand(stdout, 'signal');
    expect(signal).toMatch(/ 'go on' --db list\.db$/);
    const resume = findCommand(stdout, 'resume');
    expect(resume).toMatch(/ --tools 'a report\.tools\.mjs' --db list\.db$/);
    const wrong = await run(['signal', split(signal)[1] as string, 'go no', '--db', 'list.db'], cwd);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean `go on`?') });
    expect(await run(split(signal), cwd)).toMatchObject({ code: 0 });
    expect(await run(split(resume), cwd)).toMatchObject({ code: 0 });
  });

  it('shows signals that wait for a step, and executions below those that started them, in 100 columns', async () => {
    const { stdout } = await run(['list', '--db', 'list.db'], cwd);
    const lines = stdout.split('\n');
    const parent = lines.findIndex(line => line.includes(' a-report '));
    expect(lines[parent + 1]).toMatch(/^ {3}\.call +scored +part /);
    expect(lines.filter(line => line.length > 100 && !line.includes('stored in'))).toEqual([]);

    const store = openSqliteStore({ file: join(cwd, 'kept.db') });
    const runtime = await createRuntime({ store, flows: [{ ...(await loadFlow(join(cwd, 'a report.yml'))), steps: [{ id: 'nap', uses: 'sleep', with: { for: '1d' }, depends_on: [], critical: true, weight: 1 }] } as never] });
    const { executionId } = await runtime.start('a-report');
    await runtime.signal(executionId, 'odd', null, { force: true });
    await runtime.signal(executionId, 'odd', null, { force: true });
    await runtime.stop();
    expect((await run(['show', executionId, '--db', 'kept.db'], cwd)).stdout).toContain('signals that no step has waited for yet: odd (2)');
  });
});

describe('paths --out', () => {
  it('writes the file whole, with the flow as seen from there', async () => {
    write('tests.keep', '');
    expect(await run(['paths', 'broken.yml', '--emit', 'vitest', '--out', join('..', `${cwd.split('/').at(-1)}`, 'broken.test.ts')], cwd)).toMatchObject({ code: 0, stdout: expect.stringContaining('paths of broken written to') });
    expect(await run(['paths', 'broken.yml', '--out', 'x.ts'], cwd)).toMatchObject({ code: 2, stderr: expect.stringContaining('--emit') });
  });
});
