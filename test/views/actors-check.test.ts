import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { createFolder, run as runIn } from './program-harness.ts';

const folder = createFolder();
afterAll(() => folder.remove());
const golden = gunzipSync(readFileSync(new URL('../fixtures/actors-0.2.0/actors.db.gz', import.meta.url)));
const file = join(folder.path, 'old.db');
writeFileSync(file, golden);
const xstate = import.meta.resolve('xstate');
const fixture = new URL('../fixtures/actors-0.2.0/machines.ts', import.meta.url).href;
writeFileSync(join(folder.path, 'same.ts'), `import { createMachines, World } from '${fixture}';\nexport const machines = createMachines(new World());\nexport const limit = 3;\n`);
writeFileSync(join(folder.path, 'changed.ts'), `import { createMachine } from '${xstate}';
export const order = { machine: createMachine({ id: 'order', version: '2', initial: 'basket', states: { basket: {} } }),
  migrations: [{ from: '1', to: '2', migrate: snapshot => (snapshot.value === 'cart' ? { ...snapshot, value: 'basket' } : snapshot) }] };\n`);
const run = (...argv: readonly string[]) => runIn(['actors', 'check', '--db', file, ...argv], folder.path);

describe('flowstone actors check', () => {
  it('says that all of a database of 0.2.0 would go on, and leaves it as it is', async () => {
    const checked = await run('--tools', 'same.ts');
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringMatching(/asking +parent +1 +goes on[\s\S]*13 of 13 would go on\./) });
    expect(readFileSync(file).equals(golden)).toBe(true);
  });

  it('says which would be refused, and each reason once', async () => {
    const { code, stdout } = await run('--tools', 'changed.ts');
    expect(code).toBe(1);
    expect(stdout).toMatch(/cart +order +1 +goes on: migrated[\s\S]*paying +order +1 +refused[\s\S]*2 of 13 would go on, 11 would be refused:\n/);
    expect(stdout).toMatch(/ Expected the machine `order`.*`paying`.*leads to `paying`/);
    expect(stdout).toMatch(/`parent` of actor `asking` among the `machines` of createRuntime.* \(and 1 more like it\)\n/);
    expect(stdout).toMatch(/`inline` of actor `inline` among .*createRuntime\S*\n/);
    const document = JSON.parse((await run('--tools', 'changed.ts', '--machine', 'order', '--json')).stdout) as object;
    expect(document).toMatchObject({ refused: 1, actors: [{ actorId: 'cart', verdict: 'migrated', code: null }, { actorId: 'late-cart' }, { actorId: 'paying', verdict: 'refused', code: 'machine_changed' }] });
  });

  it('asks for a module that exports machines', async () => {
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('got no --tools') });
    writeFileSync(join(folder.path, 'none.ts'), 'export const a = 1;\n');
    expect(await run('--tools', 'none.ts')).toMatchObject({ code: 2, stderr: expect.stringContaining('to export XState machines') });
  });
});
