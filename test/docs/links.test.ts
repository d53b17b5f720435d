import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pages, root } from './pages.ts';

/** The anchors of a page's headings, as GitHub makes them. */
function listAnchors(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+)$/gm)) {
    const base = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-');
    let anchor = base;
    for (let number = 1; anchors.has(anchor); number++) anchor = `${base}-${number}`;
    anchors.add(anchor);
  }
  return anchors;
}

function listLinks(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const found = [...prose.matchAll(/\]\(([^)\s]+)\)/g), ...prose.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target);
  return found.filter(target => !/^[a-z]+:/.test(target));
}

function findBroken(path: string, text: string): string[] {
  return listLinks(text).filter(link => {
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? join(root, path) : join(root, dirname(path), target);
    if (relative(root, file).startsWith('..') || !existsSync(file)) return true;
    if (anchor === undefined || statSync(file).isDirectory() || !file.endsWith('.md')) return false;
    return !listAnchors(readFileSync(file, 'utf8')).has(anchor);
  });
}

describe('links', () => {
  test.each(pages.map(({ path, text }) => [path, text] as const))('of %s lead somewhere', (path, text) => {
    expect(findBroken(path, text)).toEqual([]);
  });

  test('that lead nowhere are noticed', () => {
    const text = '[a](docs/no-such-page.md) [b](docs/reference/tools.md#no-such-heading) [c](docs/reference/tools.md#exec) `[d](nowhere.md)`';
    expect(findBroken('README.md', text)).toEqual(['docs/no-such-page.md', 'docs/reference/tools.md#no-such-heading']);
  });

  test('lead from the README to every page', () => {
    const found = new Set(['README.md']);
    for (const path of found) {
      const page = pages.find(known => known.path === path);
      for (const link of listLinks(page?.text ?? '')) found.add(posix.join(dirname(path), link.split('#')[0] ?? ''));
    }
    expect(pages.map(({ path }) => path).filter(path => !path.startsWith('docs/decisions/') && !found.has(path))).toEqual([]);
  });
});
