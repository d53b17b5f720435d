import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { parseFlow } from '../../src/definition/parse.ts';
import { listBlocks, nameOfBlock, pages, root } from './pages.ts';
import type { Page } from './pages.ts';

const run = promisify(execFile);

/** What a snippet in a comment of the source may leave out; those in pages are complete. */
const ambient: Readonly<Record<string, string>> = {
  runtime: "import('flowstone').Runtime",
  execution: "import('flowstone').Execution",
  executionId: 'string',
  store: "import('flowstone').AnyStore",
  tools: "import('flowstone').Tool[]",
  flow: "import('flowstone').FlowDefinition",
  createRuntime: "typeof import('flowstone').createRuntime",
  createMemoryStore: "typeof import('flowstone').createMemoryStore",
  defineFlow: "typeof import('flowstone').defineFlow",
  defineQueue: "typeof import('flowstone').defineQueue",
  defineTool: "typeof import('flowstone').defineTool",
  fail: "typeof import('flowstone').fail",
  isFlowError: "typeof import('flowstone').isFlowError",
  loadFlow: "typeof import('flowstone').loadFlow",
  parseFlow: "typeof import('flowstone').parseFlow",
  retryAfter: "typeof import('flowstone').retryAfter",
  openSqliteReader: "typeof import('flowstone/sqlite').openSqliteReader",
  openSqliteStore: "typeof import('flowstone/sqlite').openSqliteStore",
  z: "typeof import('zod').z",
  expect: "typeof import('vitest').expect",
  it: "typeof import('vitest').it",
  test: "typeof import('vitest').test",
};

/** Declares what a snippet of a comment uses and does not say itself. */
function declareAmbient(page: Page, text: string, imported: string): string {
  if (!page.path.endsWith('.ts')) return '';
  const isSaid = (name: string): boolean => new RegExp(`(?:import[^;]*|const |let |function |const \\{[^}]*)\\b${name}\\b`).test(`${imported}${text}`);
  return Object.entries(ambient).flatMap(([name, type]) => (new RegExp(`(?<![.\\w])${name}\\b`).test(text) && !isSaid(name) ? [`declare const ${name}: ${type};\n`] : [])).join('');
}

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
      // Files of the project that `init` writes are checked where they are.
      if (block.language !== 'ts' || block.made?.startsWith('file: ')) continue;
      const name = nameOfBlock(block) ?? `line-${block.line}.ts`;
      mkdirSync(target, { recursive: true });
      const imported = importOwn(page, block.text);
      writeFileSync(join(target, name), `${block.text}\n${imported}${declareAmbient(page, block.text, imported)}export {};\n`);
      count++;
    }
  }
  // Electron's own declarations: the package brings a downloader of its program.
  writeFileSync(join(folder, 'electron.d.ts'), gunzipSync(readFileSync(join(root, 'test/fixtures/electron/electron-45.5.0.d.ts.gz'))));
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
  test('every TypeScript snippet compiles, and one that does not is noticed', async () => {
    expect(writeSnippets()).toBeGreaterThan(10);
    writeFileSync(join(folder, 'wrong.ts'), 'const health: number = runtime.health();\nexport {};\n');
    expect(await compileSnippets()).toEqual([expect.stringContaining('wrong.ts(1,24): error TS2304')]);
  });

  const yaml = pages.flatMap(page => listBlocks(page).filter(({ language }) => language === 'yaml' || language === 'yml').map(block => ({ page, block })));

  test.each(yaml.map(({ page, block }) => [`${page.path}:${block.line}`, block.text] as const))('the YAML at %s parses', (_, text) => {
    expect(parseDocument(text).errors).toEqual([]);
    if (/^id:/m.test(text) && /^steps:/m.test(text)) expect(parseFlow(text).steps.length).toBeGreaterThan(0);
  });
});
