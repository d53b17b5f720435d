import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolder, run } from './program-harness.ts';

let folder: ReturnType<typeof createFolder>;
beforeEach(() => {
  folder = createFolder();
});
afterEach(() => folder.remove());

const root = join(import.meta.dirname, '../..');
const readJson = (file: string): Record<string, Record<string, string>> => JSON.parse(readFileSync(file, 'utf8'));

describe('init', () => {
  it('writes every file of the template and a complete package.json, and says what to type next', async () => {
    const { code, stdout } = await run(['init', 'My Shop'], folder.path);
    expect(code).toBe(0);
    const { dependencies, devDependencies } = readJson(join(root, 'package.json'));
    expect(readJson(join(folder.path, 'My Shop/package.json'))).toMatchObject({
      name: 'my-shop',
      private: true,
      type: 'module',
      dependencies: { flowstone: readJson(join(root, 'package.json'))['version'], xstate: dependencies?.['xstate'], zod: dependencies?.['zod'] },
      devDependencies: { typescript: devDependencies?.['typescript'], '@types/node': devDependencies?.['@types/node'] },
    });
    for (const file of ['flows/order.yml', 'flows/refund.ts', 'machines/parcel.ts', 'tools.ts', 'app.ts', 'crash.ts', 'test/flows.test.ts', '.gitignore']) expect(existsSync(join(folder.path, 'My Shop', file)), file).toBe(true);
    expect(stdout).toContain('Next: cd My Shop && npm install && npm run crash\nthen: npm start, then npm run draw\n');
  });

  it('keeps what a package.json has, but for a test that only fails', async () => {
    const present = { name: 'mine', license: 'MIT', scripts: { test: 'echo "Error: no test specified" && exit 1', start: 'node mine.js' }, dependencies: { flowstone: 'file:../flowstone.tgz' } };
    writeFileSync(join(folder.path, 'package.json'), JSON.stringify(present));
    expect((await run(['init', '--json'], folder.path)).code).toBe(0);
    const written = readJson(join(folder.path, 'package.json'));
    expect(written).toMatchObject({ name: 'mine', license: 'MIT', scripts: { start: 'node mine.js' }, dependencies: { flowstone: 'file:../flowstone.tgz' } });
    expect(written['scripts']?.['test']).toContain('--test test/flows.test.ts');
  });

  it('writes nothing where one of its files is already', async () => {
    mkdirSync(join(folder.path, 'flows'));
    writeFileSync(join(folder.path, 'flows/order.yml'), 'mine');
    const { code, stdout } = await run(['init', '--json'], folder.path);
    expect([code, JSON.parse(stdout)]).toMatchObject([2, { error: { code: 'project_exists', details: { files: ['flows/order.yml'] } } }]);
    expect(existsSync(join(folder.path, 'package.json'))).toBe(false);
  });

  it('finds a package.json that is no JSON before it writes anything', async () => {
    writeFileSync(join(folder.path, 'package.json'), '{');
    expect(JSON.parse((await run(['init', '--json'], folder.path)).stdout)).toMatchObject({ error: { code: 'file_unreadable' } });
    expect(existsSync(join(folder.path, 'app.ts'))).toBe(false);
  });
});
