import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { parseFlow } from '../../src/definition/parse.ts';
import { listBlocks, nameOfBlock, pages, root } from './pages.ts';
import type { Page } from './pages.ts';

const run = promisify(execFile);

/** What a snippet that shows one call may leave out. */
const ambient = `
import type * as Package from 'flowstone';
import type * as Sqlite from 'flowstone/sqlite';
import type * as Vitest from 'vitest';
import type { z as Zod } from 'zod';
declare global {
  const runtime: Package.Runtime;
  const execution: Package.Execution;
  const executionId: string;
  const store: Package.Store;
  const tools: Package.Tool[];
  const flow: Package.FlowDefinition;
  const createRuntime: typeof Package.createRuntime;
  const createMemoryStore: typeof Package.createMemoryStore;
  const defineFlow: typeof Package.defineFlow;
  const defineQueue: typeof Package.defineQueue;
  const defineTool: typeof Package.defineTool;
  const fail: typeof Package.fail;
  const isFlowError: typeof Package.isFlowError;
  const loadFlow: typeof Package.loadFlow;
  const parseFlow: typeof Package.parseFlow;
  const retryAfter: typeof Package.retryAfter;
  const openSqliteReader: typeof Sqlite.openSqliteReader;
  const openSqliteStore: typeof Sqlite.openSqliteStore;
  const z: typeof Zod;
  const expect: typeof Vitest.expect;
  const it: typeof Vitest.it;
  const test: typeof Vitest.test;
}
`;

// In the package, so that `flowstone` is the package itself; a dot folder, so that nothing else looks at it.
const folder = mkdtempSync(join(root, 'test/docs/.snippets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Snippets in the comments of the source count as a page each. */
const commented: readonly Page[] = globSync('{src,persistence}/**/*.ts', { cwd: root })
  .map(path => ({ path, text: readFileSync(join(root, path), 'utf8').replaceAll(/^ *\* ?/gm, '') }))
  .filter(({ text }) => text.includes('```ts'));

/** A snippet in the comment of a function may call it as it is. */
function importOwn(page: Page, text: string): string {
  if (!page.path.endsWith('.ts')) return '';
  const source = readFileSync(join(root, page.path), 'utf8');
  const names = new Set([...source.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)].map(([, name = '']) => name));
  const used = [...names].filter(name => new RegExp(`\\b${name}\\b`).test(text) && !new RegExp(`import[^;]*\\b${name}\\b`).test(text));
  return used.length === 0 ? '' : `import { ${used.join(', ')} } from '../../../../${page.path}';\n`;
}

function writeSnippets(): number {
  let count = 0;
  for (const page of [...pages, ...commented]) {
    const target = join(folder, page.path.replaceAll(/\W+/g, '-'));
    for (const block of listBlocks(page)) {
      if (block.language !== 'ts') continue;
      const name = nameOfBlock(block) ?? `line-${block.line}.ts`;
      mkdirSync(target, { recursive: true });
      writeFileSync(join(target, name), `${block.text}\n${importOwn(page, block.text)}export {};\n`);
      count++;
    }
  }
  writeFileSync(join(folder, 'ambient.ts'), ambient);
  const options = { noUnusedLocals: false, noUnusedParameters: false, incremental: false };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions: options, include: ['**/*.ts'], exclude: [] }));
  return count;
}

/** What the compiler says about the snippets; errors of the source itself are not theirs. */
async function compileSnippets(): Promise<string[]> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '-p', folder], { cwd: folder }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? String(error) }),
  );
  return stdout.split('\n').filter(line => /^[\w-]+(?:\/[\w.-]+)*\.ts\(/.test(line));
}

describe('snippets', () => {
  test('every TypeScript snippet compiles, and one that does not is noticed', { timeout: 60_000 }, async () => {
    expect(writeSnippets()).toBeGreaterThan(10);
    writeFileSync(join(folder, 'wrong.ts'), 'const health: number = runtime.health();\nexport {};\n');
    expect(await compileSnippets()).toEqual([expect.stringContaining('wrong.ts(1,7): error TS2322')]);
  });

  const yaml = pages.flatMap(page => listBlocks(page).filter(({ language }) => language === 'yaml' || language === 'yml').map(block => ({ page, block })));

  test.each(yaml.map(({ page, block }) => [`${page.path}:${block.line}`, block.text] as const))('the YAML at %s parses', (_, text) => {
    expect(parseDocument(text).errors).toEqual([]);
    if (/^id:/m.test(text) && /^steps:/m.test(text)) expect(parseFlow(text).steps.length).toBeGreaterThan(0);
  });
});
