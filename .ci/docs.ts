// Checks the pages and builds them as a site, in dist-docs: node .ci/docs.ts [--update]. --update writes outputs anew.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const site = join(root, 'dist-docs');
const update = process.argv.includes('--update') ? ['--update'] : [];

function run(...args: string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Holds what was built against the pages: each is there, and so are its diagrams and the search; nothing of it is elsewhere. */
function checkSite(): void {
  const wrong: string[] = [];
  const pages = globSync('docs/**/*.md', { cwd: root }).map(path => path.replaceAll('\\', '/'));
  let diagrams = 0;
  for (const page of pages) {
    const html = readFileSync(join(site, page.replace(/^docs\/(.*)\.md$/, '$1.html')), 'utf8');
    const written = readFileSync(join(root, page), 'utf8').match(/^ *```mermaid$/gm)?.length ?? 0;
    const drawn = html.match(/<div class="diagram">/g)?.length ?? 0;
    if (drawn !== written) wrong.push(`${page}: ${drawn} of ${written} diagrams`);
    for (const [, address] of html.matchAll(/<(?:script|link|img)\b[^>]*(?:src|href)="(https?:[^"]*)"/g)) wrong.push(`${page}: needs ${address}`);
    diagrams += drawn;
  }
  if (!existsSync(join(site, 'mermaid.js'))) wrong.push('there is nothing that draws diagrams');
  const [index] = globSync('assets/chunks/@localSearchIndex*.js', { cwd: site });
  if (index === undefined) wrong.push('there is no index to search in');
  if (wrong.length > 0) throw new Error(`The site is not what the pages say:\n  ${wrong.join('\n  ')}`);
  console.log(`dist-docs: ${pages.length} pages, ${diagrams} diagrams that are drawn, a search of ${Math.round(readFileSync(join(site, index ?? ''), 'utf8').length / 1_000)} kB that needs no network`);
}

run(join(root, 'node_modules/vitest/vitest.mjs'), 'run', '-c', 'test/docs/vitest-config.ts', ...update);
// Fails for a link that leads nowhere.
run(join(root, 'node_modules/vitepress/bin/vitepress.js'), 'build', 'docs');
checkSite();
