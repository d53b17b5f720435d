import { describe, expect, test } from 'vitest';
import type { Block, Page } from './pages.ts';
import { listBlocks, nameOfBlock, pages } from './pages.ts';

type Check = 'ran' | 'type-checked' | 'compared' | 'exempt';

/** Blocks that nothing looks after, by page and first line, each with its reason. */
const exempt: Readonly<Record<string, string>> = {
  'ARCHITECTURE.md: machines/              pure XState machines, one per file': 'a list of folders, with words to each',
  'docs/reference/command-line.md: {': 'one document of many, shortened',
  'docs/guides/diagrams.md:  ✔ fetch         completed  38ms': 'a picture of a terminal, with its times',
  'docs/guides/progress.md:  ━━━━━━━━━━━━━━━━─────────────────────  4/9 steps, 42 %, about 3m left': 'a line that changes while it is shown',
  'docs/reference/scoring.md: score = sum of the weights of what passed / sum of the weights of what was evaluated': 'a formula',
};

/** Which test runs a block: the name of the page, and of the block when it has one. */
const programs = ['README.md'];
const toKey = ({ path }: Page, { text }: Block): string => `${path}: ${text.split('\n', 1)[0]}`;

/** What is done with a block, and by which test: each of these fails when the block is wrong. */
function findCheck(page: Page, block: Block): Check | undefined {
  const { language, made, printedBy } = block;
  const onQuickstart = page.path === 'docs/guides/quickstart.md';
  if (toKey(page, block) in exempt) return 'exempt';
  // diagrams.test.ts, imports of reev in test/import, files of the template in quickstart.page.ts: made anew, and compared.
  if (made !== undefined) return 'compared';
  // protocol.test.ts reads these as an owner does.
  if (language === 'json' && page.path === 'docs/reference/protocol.md') return 'compared';
  if (language === 'text' && onQuickstart && printedBy !== undefined) return 'compared';
  // quickstart.page.ts types these.
  if (language === 'sh' && onQuickstart && page.text.includes(`\`\`\`sh\n${block.text}\`\`\`\n\n\`\`\`text\n`)) return 'ran';
  // server-guide.test.ts types these at a server.
  if (page.path === 'docs/guides/server.md' && (language === 'text' || (language === 'sh' && block.text.includes('curl')))) return 'ran';
  // documentation.test.ts of the SQLite store asks these.
  if (language === 'sql') return 'ran';
  // readme.test.ts writes the named files of these pages into a folder, and runs them.
  if (programs.includes(page.path) && nameOfBlock(block) !== undefined) return 'ran';
  // snippets.test.ts compiles these; commands.test.ts knows the commands and options of the program; mermaid.test.ts parses.
  if (['ts', 'yaml', 'yml', 'sh', 'mermaid'].includes(language)) return 'type-checked';
  return undefined;
}

const all = pages.flatMap(page => listBlocks(page).map(block => ({ page, block, check: findCheck(page, block) })));

describe('the blocks of the pages', () => {
  test('are run, type-checked or compared, but for one in twenty at most', () => {
    const count = (wanted: Check): number => all.filter(({ check }) => check === wanted).length;
    const left = all.filter(({ check }) => check === 'exempt').map(({ page, block }) => `  ${toKey(page, block)}: ${exempt[toKey(page, block)]}`);
    console.log([`${all.length} blocks: ${count('ran')} ran, ${count('type-checked')} type-checked, ${count('compared')} compared, ${count('exempt')} exempt`, ...left].join('\n'));
    expect(all.filter(({ check }) => check === undefined).map(({ page, block }) => `${page.path}:${block.line}`)).toEqual([]);
    expect(count('exempt') / all.length).toBeLessThanOrEqual(0.05);
  });

  test('that are exempt are there', () => {
    const keys = new Set(all.map(({ page, block }) => toKey(page, block)));
    expect(Object.keys(exempt).filter(key => !keys.has(key))).toEqual([]);
  });
});
