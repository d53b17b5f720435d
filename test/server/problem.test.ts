import { describe, expect, it } from 'vitest';
import { FlowError } from '../../src/core/errors.ts';
import { statusByCode, toProblem } from '../../src/server/problem.ts';
import { requirePage } from '../docs/pages.ts';

const headings = [...requirePage('docs/reference/errors.md').text.matchAll(/^### (\w+)$/gm)].map(match => match[1] ?? '');

describe('problems', () => {
  it('have a status for every code that there is, and for none that is gone', () => {
    expect(headings.filter(code => !statusByCode.has(code))).toEqual([]);
    expect([...statusByCode.keys()].filter(code => !headings.includes(code))).toEqual([]);
  });

  it('say what a reader can do something about', () => {
    expect(['token_refused', 'scope_missing', 'execution_not_found', 'execution_settled', 'body_too_large', 'body_unreadable', 'definition_invalid', 'runtime_faulted'].map(code => statusByCode.get(code)))
      .toEqual([401, 403, 404, 409, 413, 400, 422, 503]);
  });

  it('have the place of what is wrong, and no secrets', () => {
    const error = new FlowError('definition_invalid', 'Two problems', { details: { problems: [{ code: 'unknown_tool', message: 'Expected a tool', place: { line: 4, column: 13 } }, { code: 'missing_key', message: 'Has the key s3cr3t' }] } });
    expect(toProblem(error, text => text.replaceAll('s3cr3t', '[redacted]'))).toEqual({
      type: 'urn:flowstone:error:definition_invalid', title: 'definition_invalid', status: 422, detail: 'Two problems', line: 4, column: 13,
      problems: [{ code: 'unknown_tool', message: 'Expected a tool', line: 4, column: 13 }, { code: 'missing_key', message: 'Has the key [redacted]' }],
    });
  });

  it('tell nothing of an error that is nobody’s plan', () => {
    expect(toProblem(new TypeError('secret path /home/x'), text => text)).toMatchObject({ status: 500, title: 'internal_error', detail: expect.not.stringContaining('secret') });
  });
});
