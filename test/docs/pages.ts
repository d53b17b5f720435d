import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Page {
  /** Relative to the checkout, as `docs/guides/quickstart.md`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Of its first line of text, 1-based. */
  readonly line: number;
  /** What the comment above it says of how it is made: `file: template/app.ts`, `flowstone graph …`. */
  readonly made: string | undefined;
  /** A block of commands above it, that prints it. */
  readonly printedBy: string | undefined;
}

/** Every page a reader of the checkout may open. */
export const pages: readonly Page[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  ...globSync('docs/**/*.md', { cwd: root }).map(path => path.replaceAll('\\', '/')).toSorted(),
].map(path => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }));

export function requirePage(path: string): Page {
  const page = pages.find(known => known.path === path);
  if (!page) throw new Error(`There is no page ${path}`);
  return page;
}

/** Takes the fenced blocks out of a page, also those that are indented in a list. */
export function listBlocks({ text }: Page): Block[] {
  const blocks: Block[] = [];
  for (const match of text.matchAll(/^([ ]*)```(\w*)[^\n]*\n([\s\S]*?)^\1```$/gm)) {
    const [whole, indent = '', language = '', body = ''] = match;
    const start = match.index + whole.indexOf('\n') + 1;
    const before = text.slice(0, match.index);
    blocks.push({
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: text.slice(0, start).split('\n').length,
      made: /<!-- ([^\n]+?) -->\n$/.exec(before)?.[1],
      printedBy: /```sh\n((?:(?!```)[\s\S])+)```\n\n$/.exec(before)?.[1],
    });
  }
  return blocks;
}

/** The name a block gives itself in its first line: `// app.ts` or `# swap.yml`. */
export function nameOfBlock({ text }: Block): string | undefined {
  return /^(?:\/\/|#) ([\w-]+\.\w+)$/m.exec(text.split('\n', 1)[0] ?? '')?.[1];
}
