import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime } from '../../src/index.ts';
import { openSqliteStore } from '../../src/sqlite.ts';
import { createFolder, run as runIn } from './program-harness.ts';

const folder = createFolder();
afterAll(() => folder.remove());
const file = join(folder.path, 'app.db');
const example = resolve(import.meta.dirname, '../../docs/examples/desktop');
const run = (...argv: readonly string[]) => runIn(['check', '--db', file, ...argv], folder.path);
const version = (number: 1 | 2): string => join(example, `version-${number}/orders.ts`);
let executionId = '';

beforeAll(async () => {
  const { flows, tools, machines } = await import('../../docs/examples/desktop/version-1/orders.ts' as string) as { readonly flows: never; readonly tools: never; readonly machines: readonly [never] };
  const runtime = await createRuntime({ store: openSqliteStore({ file }), flows, tools, machines, isolation: false, listen: false });
  ({ executionId } = await runtime.start('order', { input: { what: 'chair' } }));
  const done = await runtime.start('order', { input: { what: 'table' } });
  await done.signal('approved');
  await done.settled();
  await runtime.spawn(machines[0], { id: 'shop' });
  await runtime.stop();
});

describe('flowstone check --db', () => {
  it('says that all goes on with the version that began it, and changes nothing', async () => {
    const before = readFileSync(file);
    expect(await run('--tools', version(1))).toMatchObject({ code: 0, stdout: expect.stringContaining('would go on') });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('names the tool that the next version has renamed and the machine that it has changed', async () => {
    const { code, stdout } = await run('--tools', version(2));
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`tools this runtime does not have: reserve \\(tool_unknown\\)\\n {2}execution ${executionId}\\n`));
    expect(stdout).toMatch(/machine `shop`.*\(machine_changed\)\n {2}actor shop\n/s);
    expect(stdout).toContain('2 of what is unfinished');
    const { stuck } = JSON.parse((await run('--tools', version(2), '--json')).stdout) as { readonly stuck: readonly object[] };
    // What has settled is no concern of it.
    expect(stuck).toMatchObject([{ kind: 'execution', id: executionId, code: 'tool_unknown' }, { kind: 'actor', id: 'shop', code: 'machine_changed' }]);
  });

  it('says that there is no database, and that a check without one needs a file', async () => {
    expect(await runIn(['check', '--db', 'none.db'], folder.path)).toMatchObject({ code: 2, stderr: expect.stringContaining('none.db') });
    expect(await runIn(['check'], folder.path)).toMatchObject({ code: 2, stderr: expect.stringContaining('got no file') });
  });
});
