import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defineConfig } from 'vitepress';

const docs = resolve(import.meta.dirname, '..');

/** Pages of the start page's tables come first, in its order; what it does not name follows. */
const order = [...readFileSync(join(docs, 'index.md'), 'utf8').matchAll(/\]\(([\w/.-]+\.md)\)/g)].map(([, link = '']) => link);

const toTitle = (page: string): string => /^# (.+)$/m.exec(readFileSync(join(docs, page), 'utf8'))?.[1]?.replaceAll('`', '') ?? page;

function listPages(folder: string): { text: string; link: string }[] {
  if (!existsSync(join(docs, folder))) return [];
  const pages = readdirSync(join(docs, folder)).filter(name => name.endsWith('.md')).map(name => `${folder}/${name}`);
  const rank = (page: string): number => (order.includes(page) ? order.indexOf(page) : order.length);
  return pages.toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b)).map(page => ({ text: toTitle(page), link: `/${page.replace(/\.md$/, '')}` }));
}

export default defineConfig({
  title: 'Flowstone',
  description: 'Durable flows in process: XState v5 machines on an embedded SQLite database.',
  srcDir: docs,
  outDir: resolve(docs, '../dist-docs'),
  cacheDir: resolve(docs, '../node_modules/.cache/vitepress'),
  // Also from a file system: no address of a server is in the pages.
  base: process.env['DOCS_BASE'] ?? '/',
  // To bundle it would take longer than all the pages.
  buildEnd: ({ outDir }) => copyFileSync(resolve(docs, '../node_modules/mermaid/dist/mermaid.min.js'), join(outDir, 'mermaid.js')),
  // Diagrams have colours of their own for states, meant for a light page.
  head: [['style', {}, '.diagram[data-drawn] { margin: 16px 0; padding: 16px; overflow-x: auto; border-radius: 8px; background: #fff } .diagram svg { display: block; margin: 0 auto } .vp-doc .diagram p { margin: 0; line-height: inherit }']],
  vite: { build: { target: 'es2022', chunkSizeWarningLimit: 1_000 }, esbuild: { tsconfigRaw: { compilerOptions: { target: 'es2022' } } } },
  // Files of the checkout that are no pages; test/docs/links.test.ts looks after those.
  ignoreDeadLinks: [/\.\.\/(?:README|CHANGELOG|CONTRIBUTING|LICENSE)$/, /\.\.\/(?:test|benchmarks|src|machines|template)\//],
  markdown: {
    // No page is a template: braces and angle brackets are text.
    html: false,
    config: md => {
      // Comments say how the block below was made.
      md.core.ruler.before('normalize', 'comments', state => {
        state.src = state.src.replaceAll(/<!--[\s\S]*?-->/g, '');
      });
      // Diagrams are drawn by the theme; their text is below each, to be copied, and all there is without scripts.
      const { fence } = md.renderer.rules;
      md.renderer.rules['fence'] = (tokens, at, ...rest) => {
        const block = fence?.(tokens, at, ...rest) ?? '';
        return tokens[at]?.info === 'mermaid' ? `<div class="diagram"></div><details><summary>Diagram as text</summary>${block}</details>\n` : block;
      };
      md.core.ruler.push('plain text', state => {
        for (const token of state.tokens) if (token.type === 'paragraph_open' || token.type === 'table_open' || token.type === 'heading_open') token.attrSet('v-pre', '');
      });
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      { text: 'Guides', items: listPages('guides') },
      { text: 'Reference', items: listPages('reference') },
      { text: 'Internals', items: listPages('internals') },
      { text: 'Decisions', items: listPages('decisions'), collapsed: true },
    ],
  },
});
