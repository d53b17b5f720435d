import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareOrders, hasPeers } from '../../benchmarks/order/compare-orders.ts';
import { requirePage, root } from './pages.ts';

const page = requirePage('docs/guides/comparison.md');

/** The page with its programs as they are. */
const withPrograms = (text: string): string =>
  text.replaceAll(/<!-- file: (\S+) -->\n```js\n[\s\S]*?```\n/g, (_, file: string) => `<!-- file: ${file} -->\n\`\`\`js\n${readFileSync(join(root, file), 'utf8')}\`\`\`\n`);

/** The page with its table as it comes out now. */
async function withTable(text: string): Promise<string> {
  const rows = (await compareOrders()).map(({ name, file, lines, done, answer }) => `| [${name}](../../${file}) | ${lines} | ${done?.join(', ') ?? 'not run here'} | ${done === undefined ? answer : `\`${answer}\``} |`);
  const table = ['| Program | Lines | Done, over both runs | Answer of the second |', '|---|---|---|---|', ...rows].join('\n');
  return text.replace(/\| Program \|[\s\S]*?\n\n/, () => `${table}\n\n`);
}

test('the comparison shows the programs as they are, and what they do when the peers are installed', async () => {
  // npm ci --prefix benchmarks/peers
  if (!hasPeers()) console.log('The peers are not installed: the table of the comparison is taken as it is');
  const text = withPrograms(page.text);
  await expect(hasPeers() ? await withTable(text) : text).toMatchFileSnapshot(join(root, page.path));
});
