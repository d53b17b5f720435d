import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createFolder, killAll, run, start } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => {
  killAll();
  folder.remove();
});

writeFileSync(join(cwd, 'tools.ts'), `
import { existsSync } from 'node:fs';
export const rates = () => { if (!existsSync(new URL('online', import.meta.url))) throw new Error('The network is down'); return { eur: 0.9 }; };
export const note = ({ input }) => input;
`);
const text = (factor: number): string => `id: quote
steps:
  - { id: customer, uses: "tool:note", with: Ann }
  - { id: rates, uses: "tool:rates", with: { factor: ${factor} } }
  - { id: letter, uses: "tool:note", with: "{% steps.customer.output & ': ' & steps.rates.output.eur %}", depends_on: [customer, rates] }
`;
writeFileSync(join(cwd, 'quote.yml'), text(1));
const more = ['--tools', 'tools.ts', '--db', 'a.db'];
const json = async (...argv: string[]): Promise<{ code: number | null; document: Record<string, never> & { steps: Record<string, unknown>[] } }> => {
  const { code, stdout } = await run([...argv, '--json'], cwd);
  return { code, document: JSON.parse(stdout) as never };
};

describe('retry, on the command line', () => {
  it('runs what failed again, shows what was kept, and leaves the life before to be shown', async () => {
    const first = await json('run', 'quote.yml', ...more);
    const id = String(first.document['executionId']);
    expect([first.code, first.document['generation']]).toEqual([1, 1]);
    expect(await run(['retry', id, 'letter', ...more], cwd)).toMatchObject({ code: 2, stderr: expect.stringContaining('retry_blocked') });
    expect(await run(['retry', id, 'lettre', ...more], cwd)).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean `letter`') });

    writeFileSync(join(cwd, 'online'), '');
    const second = await run(['retry', id.slice(0, 20), ...more], cwd);
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining(`Generation 2 of ${id}: keeps 1 of 3 steps`) });
    expect(second.stdout).toContain('(kept from generation 1)');
    expect((await run(['show', id, '--db', 'a.db'], cwd)).stdout).toContain(`generation 2 of 2  (the one before: flowstone show ${id} --generation 1`);
    expect((await json('show', id, '--generation', '1', '--db', 'a.db')).document).toMatchObject({ generation: 1, passed: false, steps: first.document.steps });
    expect((await run(['show', id, '--generation', '3', '--db', 'a.db'], cwd)).code).toBe(2);
    expect((await run(['list', '--db', 'a.db'], cwd)).stdout).toContain('generation 2: passed');

    const third = await json('retry', id, 'rates', '--no-cascade', ...more);
    expect(third.document.steps.map(step => [step['keptFrom'], step['stale']])).toEqual([[1, undefined], [undefined, undefined], [2, true]]);
    expect(await run(['retry', id, ...more], cwd)).toMatchObject({ code: 2, stderr: expect.stringContaining('retry_nothing') });
  });

  it('refuses a definition that has changed, and takes it on request', async () => {
    const { document } = await json('run', 'quote.yml', ...more);
    const id = String(document['executionId']);
    writeFileSync(join(cwd, 'changed.yml'), text(2));
    const flow = ['--flow', 'changed.yml', ...more];
    expect(await run(['retry', id, 'customer', ...flow], cwd)).toMatchObject({ code: 2, stderr: expect.stringContaining('step "rates" (with)') });
    expect(await run(['resume', id, ...flow], cwd)).toMatchObject({ code: 0, stdout: expect.stringContaining('had settled before') });
    const resumed = await run(['resume', id, '--on-new-definition', ...flow], cwd);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining(`Generation 2 of ${id}, on the new definition`) });
    const { document: now } = await json('show', id, '--db', 'a.db');
    expect(now.steps.map(step => step['keptFrom'])).toEqual([1, undefined, undefined]);
  });

  it('counts the items that were kept as done', async () => {
    writeFileSync(join(cwd, 'list.yml'), 'id: list\nsteps:\n  - { id: each, uses: "tool:pick", for_each: [a, b, c] }\n');
    writeFileSync(join(cwd, 'pick.ts'), `
import { existsSync } from 'node:fs';
export const pick = ({ input }) => { if (input === 'b' && !existsSync(new URL('mended', import.meta.url))) throw new Error('b is broken'); return input; };
`);
    const pick = ['--tools', 'pick.ts', '--db', 'list.db'];
    const { document } = await json('run', 'list.yml', ...pick);
    writeFileSync(join(cwd, 'mended'), '');
    const { stdout } = await run(['retry', String(document['executionId']), ...pick], cwd);
    expect(stdout.match(/each +(running|completed) +\d\/3 items/g)).toEqual(['each      running     2/3 items', 'each      completed   3/3 items']);
    const shown = await json('show', String(document['executionId']), '--items', '--db', 'list.db');
    expect((shown.document['items'] as unknown as Record<string, unknown>[]).map(({ output, keptFrom }) => [output, keptFrom])).toEqual([['a', 1], ['b', undefined], ['c', 1]]);
  });

  it('writes the documents as files where it is told, also those that were kept', async () => {
    writeFileSync(join(cwd, 'made.yml'), `id: made
steps:
  - { id: a, uses: "tool:note", with: one, artifacts: [{ name: a.txt, from: output }] }
  - { id: b, uses: "tool:note", with: two, artifacts: [{ name: b.txt, from: output }] }
`);
    const { document } = await json('run', 'made.yml', ...more);
    const { document: retried } = await json('retry', String(document['executionId']), 'b', '--output-dir', 'elsewhere', ...more);
    expect(retried['files']).toMatchObject({ folder: join(cwd, 'elsewhere'), failed: [] });
    expect(['a.txt', 'b.txt'].map(name => readFileSync(join(cwd, 'elsewhere', name), 'utf8'))).toEqual(['one', 'two']);
  });

  it('tells the second of two that bring their own tools who owns the database', async () => {
    writeFileSync(join(cwd, 'slow.ts'), `
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
export const note = async ({ input }) => { while (!existsSync(new URL('go-on', import.meta.url))) await setTimeout(5); return input; };
`);
    writeFileSync(join(cwd, 'one.yml'), 'id: one\nsteps:\n  - { id: a, uses: "tool:note", with: one }\n');
    const { document } = await json('run', 'one.yml', '--tools', 'tools.ts', '--db', 'two.db');
    const again = ['retry', String(document['executionId']), 'a', '--tools', 'slow.ts', '--db', 'two.db'];
    const both = [start(again, cwd), start(again, cwd)];
    const refused = await Promise.race(both.map(({ ended }) => ended));
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('store_owned') });
    writeFileSync(join(cwd, 'go-on'), '');
    expect((await Promise.all(both.map(({ ended }) => ended))).map(({ code }) => code).toSorted()).toEqual([0, 3]);
  });

  it('goes through the process that owns the database; of two at once one wins', async () => {
    const file = join(cwd, 'owned.db');
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    let held = false;
    const tools = [
      { name: 'note', run: ({ input }: { readonly input: unknown }) => (held ? gate.then(() => input) : input) },
      { name: 'rates', run: () => ({ eur: 1 }) },
    ];
    const runtime = await createRuntime({ store: openSqliteStore({ file }), tools, flows: [parseFlow(text(1))] });
    const execution = await runtime.start('quote');
    await execution.settled();
    held = true;
    const ends = await Promise.all([1, 2].map(() => start(['retry', execution.executionId, 'customer', '--db', file], cwd).ended));
    expect(ends.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    expect(ends.map(({ stdout }) => stdout).join('')).toBe(`Began generation 2 of ${execution.executionId} (quote). Process ${process.pid} runs it.\n`);
    expect(ends.map(({ stderr }) => stderr).join('')).toMatch(/execution_unsettled|retry_conflict/);
    expect(await run(['retry', execution.executionId, '--tools', 'tools.ts', '--db', file], cwd)).toMatchObject({ code: 3, stderr: expect.stringMatching(/--tools[\s\S]*store_owned/) });
    open();
    expect(await execution.settled()).toMatchObject({ generation: 2, score: 1 });
    await runtime.stop();
  });
});
