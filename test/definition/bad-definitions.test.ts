import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import type { Problem } from '../../src/definition/problem.ts';

const folder = new URL('../fixtures/definition/', import.meta.url);
const files = readdirSync(folder).filter(file => file.endsWith('.yml'));

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8');
}

function refusalOf(text: string, file?: string): { code: string; message: string; problems: readonly Problem[] } {
  try {
    parseFlow(text, file === undefined ? {} : { file });
  } catch (error) {
    if (isFlowError(error)) return { code: error.code, message: error.message, problems: error.details?.['problems'] as Problem[] };
    throw error;
  }
  throw new Error('The definition was taken');
}

describe('a definition with mistakes', () => {
  it.each(files)('%s is refused with every mistake at its place', file => {
    const { code, message } = refusalOf(read(file), file);
    expect(`${code}\n${message}\n`).toBe(read(file.replace('.yml', '.txt')));
  });

  it.each(files)('%s gives each mistake a code, a place, what was expected and what was found', file => {
    for (const problem of refusalOf(read(file), file).problems) {
      expect(problem).toMatchObject({ code: expect.stringMatching(/^[a-z_]+$/), expected: expect.any(String), found: expect.any(String) });
      expect(problem.place).toMatchObject({ file, line: expect.any(Number), column: expect.any(Number) });
    }
  });

  it('points at the value in the source', () => {
    const text = read('many-mistakes.yml');
    const lines = text.split('\n');
    const at = (path: string): string | undefined => {
      const place = refusalOf(text).problems.find(problem => problem.place.path === path)?.place;
      return lines[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1);
    };
    expect(at('mode')).toBe('strikt');
    expect(at('concurency')).toBe('concurency: 3');
    expect(at('steps[1].retry.maxAttempts')).toBe('0 }');
    expect(at('steps[3].retry.backof')).toBe('backof: 2 }');
    expect(at('steps[3].id')).toBe('uses: exec');
    expect(at('steps[2].with.text')).toMatch(/^{% inpt/);
  });

  it('follows aliases to where a value is written', () => {
    const text = 'id: x\nsteps:\n  - { id: a, uses: exec, retry: &r { maxAttempts: 0 } }\n  - { id: b, uses: exec, retry: *r }\n';
    expect(refusalOf(text).problems.map(({ place }) => place)).toEqual([
      { line: 3, column: 51, path: 'steps[0].retry.maxAttempts' },
      { line: 3, column: 51, path: 'steps[1].retry.maxAttempts' },
    ]);
  });

  it('is refused when it is too large, before it is read as YAML', () => {
    const { code, message } = refusalOf(`id: x\ndescription: ${'x'.repeat(5_000_000)}`, 'large.yml');
    expect(code).toBe('definition_too_large');
    expect(message).toContain('Expected large.yml to be at most 4194304 bytes, got 5000019');
  });

  it('is refused when it is nested without end', () => {
    expect(refusalOf(`id: ${'['.repeat(100_000)}`).code).toBe('definition_invalid');
    expect(refusalOf(`id: x\nsteps: [{id: a, uses: exec, with: ${'['.repeat(600)}${']'.repeat(600)}}]`).code).toBe('definition_invalid');
  });

  it.each(['e: &e [*d, ? *d, *d]', 'e: { ? *d : 1 }', 'e: { ? [*d, *d] : 1 }'])('is refused when aliases multiply in a key: %s', line => {
    const levels = ['b', 'c', 'd'].map((name, level) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${['a', 'b', 'c'][level]}`).join(', ')}]`);
    const { code, problems } = refusalOf(['id: f', 'a: &a [x, x, x, x, x, x, x, x, x, x]', ...levels, line].join('\n'));
    expect([code, problems[0]?.code]).toEqual(['definition_invalid', 'aliases_too_many']);
  });

  it.each(['\u0000\u0001\u0002', '%PDF-1.4\n%âãÏÓ', '<html></html>', '{{{', '!!js/function "x"', 'a: b: c', '--- 1\n--- 2', '? [a]\n: b', 'id: .nan\nsteps: .inf'])(
    'is one clear error for %j',
    text => {
      expect(refusalOf(text).code).toBe('definition_invalid');
    },
  );
});
