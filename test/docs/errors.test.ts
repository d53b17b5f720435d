import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCodes } from './find-codes.ts';
import { requirePage, root } from './pages.ts';

const codes = findCodes(root);
const { text } = requirePage('docs/reference/errors.md');
const sections = new Map(text.split(/^### /m).slice(1).map(section => {
  const [heading = '', ...rest] = section.split('\n');
  return [heading.trim(), rest.join('\n').split(/^## /m)[0] ?? ''] as const;
}));

describe('docs/reference/errors.md', () => {
  it('has a heading for every code the sources can give', () => {
    const missing = [...codes].filter(([code]) => !sections.has(code)).map(([code, file]) => `${code} (${file})`);
    expect(missing).toEqual([]);
  });

  it('has no heading for a code that is gone', () => {
    expect([...sections.keys()].filter(code => !codes.has(code))).toEqual([]);
  });

  it('shows the message of each code, and says more than that', () => {
    const thin = [...sections].filter(([, body]) => !/^> \S/m.test(body) || body.trim().split('\n\n').length < 2).map(([code]) => code);
    expect(thin).toEqual([]);
  });

  it('has every code once', () => {
    expect(text.match(/^### /gm)).toHaveLength(sections.size);
  });
});

describe('the search for codes', () => {
  it('finds what is thrown, stored, listed and given as a default', () => {
    for (const code of ['store_owned', 'interrupted', 'dependency_cycle', 'tool_failed', 'condition_false', 'http_status']) expect([...codes.keys()], join(root, 'src')).toContain(code);
  });
});
