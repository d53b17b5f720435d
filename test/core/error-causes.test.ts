import { describe, expect, it } from 'vitest';
import { listCauses, withCauses } from '../../src/core/error-causes.ts';
import { toFailure } from '../../src/core/thrown-failure.ts';

const error = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);

describe('the reason of a failure', () => {
  it.each([
    [error('fetch failed', { cause: error('bad port') }), 'fetch failed: bad port'],
    [error('The import failed', { cause: error('row 17: no such customer', { code: 'customer_unknown' }) }), 'The import failed: row 17: no such customer (customer_unknown)'],
    [error('a', { cause: error('b', { cause: error('c') }) }), 'a: b: c'],
    [new AggregateError([error('east is down'), error('west is down')], 'All promises were rejected'), 'All promises were rejected: east is down: west is down'],
    [new AggregateError([error('connect ECONNREFUSED ::1:9', { code: 'ECONNREFUSED' })], ''), 'connect ECONNREFUSED ::1:9'],
    [error('', { cause: error('', { code: 'EPIPE' }) }), 'EPIPE'],
    [error('Cannot read x: no such file', { cause: error('no such file') }), 'Cannot read x: no such file'],
    [error('x', { cause: 'a text' }), 'x: a text'],
    [error('x', { cause: { message: 'an object', code: 'odd' } }), 'x: an object (odd)'],
    [error('x', { cause: null }), 'x'],
  ])('says what is behind it: %s', (thrown, message) => {
    expect(toFailure(thrown).message).toBe(message);
  });

  it('lists what is behind it as values, with codes, at most 20 of them', () => {
    expect(toFailure(error('a', { cause: error('b', { code: 'c', name: 'TypeError' }) })).details).toEqual({ causes: [{ message: 'b', code: 'c', name: 'TypeError' }] });
    expect(listCauses(new AggregateError(Array.from({ length: 1_000 }, (_, n) => error(`${n}`)), 'many'))).toHaveLength(20);
    expect(toFailure(error('a')).details).toBeUndefined();
  });

  it('ends where causes go round in a circle', () => {
    const first = error('first');
    const second = error('second', { cause: first });
    first.cause = second;
    expect(withCauses('first', listCauses(first))).toBe('first: second');
  });
});
