import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countLines } from '../../src/tools/count-lines.ts';
import { detectLanguage, languages } from '../../src/tools/languages.ts';

const typescript = { line: ['//'], block: ['/*', '*/'] as const } as const;

describe('countLines', () => {
  it('tells code from comments and blank lines', () => {
    const text = '// one\n\nconst a = 1; // two\n/* three\n  four\n*/ const b = 2;\n/* five */\n   \n/* six */ const c = 3;';
    expect(countLines(text, typescript)).toEqual({ lines: 9, code: 3, comments: 4, blank: 2 });
  });

  it('counts a last line without a line break, and nothing for nothing', () => {
    expect(countLines('a\nb').lines).toBe(2);
    expect(countLines('a\nb\n').lines).toBe(2);
    expect(countLines('').lines).toBe(0);
    expect(countLines('\r\n\r\n')).toMatchObject({ lines: 2, blank: 2 });
  });

  it('adds up for every text and language', () => {
    const piece = fc.constantFrom('/*', '*/', '//', '#', '\n', ' ', 'code', '\r\n', '<!--', '-->', '--');
    fc.assert(
      fc.property(fc.array(piece), fc.constantFrom(...languages), (pieces, language) => {
        const text = pieces.join('');
        const { lines, code, comments, blank } = countLines(text, language);
        expect(code + comments + blank).toBe(lines);
        expect(lines).toBe(text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0));
      }),
    );
  });
});

describe('detectLanguage', () => {
  it.each([
    ['src/a.ts', 'TypeScript'],
    ['A.PY', 'Python'],
    ['deep/Makefile', 'Make'],
    ['Dockerfile', 'Dockerfile'],
    ['x.constructor', undefined],
    ['noextension', undefined],
  ])('tells %s', (file, name) => {
    expect(detectLanguage(file)?.name).toBe(name);
  });

  it('has no extension or name twice', () => {
    const keys = languages.flatMap(({ extensions, names = [] }) => [...extensions, ...names]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.every(key => key === key.toLowerCase())).toBe(true);
  });
});
