import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..');

/** What an entry point exports, a line each: `const` for what is there at run time, `type` for what is not. */
function listExports(file: string): string[] {
  const { module } = parseSync(file, readFileSync(join(root, file), 'utf8'));
  return module.staticExports.flatMap(({ entries }) => entries.map(({ exportName, isType }) => `${isType ? 'type ' : 'const'} ${exportName.name ?? exportName.kind}`));
}

describe('the public names', () => {
  it('are those of the report; a change of them is written there, and in the changelog', async () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: { [path: string]: { 'flowstone-source'?: string } } };
    const report = Object.entries(exports).flatMap(([path, { 'flowstone-source': file }]) => {
      if (file === undefined) return [];
      const name = path.replace(/^\./, 'flowstone');
      return [name, ...listExports(file).toSorted().map(line => `  ${line}`), ''];
    });
    await expect(report.join('\n')).toMatchFileSnapshot('api-report.txt');
  });
});
