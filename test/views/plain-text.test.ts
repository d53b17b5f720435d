import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measure, pad, shorten, toCompactJson, toPlainLine, toPlainText } from '../../src/views/terminal/plain-text.ts';

describe('text on a terminal', () => {
  it('loses escape sequences, control characters and line breaks', () => {
    expect(toPlainLine('a\u001B[31mred\u001B[0m\n b\u0007\u0000c\t\u202Ed')).toBe('ared bc d');
  });

  it('keeps the lines of a text that has several', () => {
    expect(toPlainText('a\u001B[31mred\u001B[0m\n\tb\u0007\u0085c\u202Ed')).toBe('ared\n\tbcd');
  });

  it('lets no control character through, whatever it is given', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => !/\p{Cc}/u.test(toPlainLine(text))));
  });

  it('is never wider than the columns it is cut to', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
      const plain = toPlainLine(text);
      expect(measure(shorten(plain, columns))).toBeLessThanOrEqual(columns);
      expect(measure(plain) <= columns ? shorten(plain, columns) : plain).toBe(plain);
    }));
  });

  it('counts wide characters twice', () => {
    expect(measure('漢字')).toBe(4);
    expect(measure('🎉')).toBe(2);
    expect(shorten('漢字漢字', 5)).toBe('漢字…');
    expect(pad('漢', 4)).toBe('漢  ');
  });

  it('shows JSON in one line', () => {
    expect(toCompactJson({ a: [1, null], b: 'x\ny' }, 80)).toBe('{"a":[1,null],"b":"x\\ny"}');
    expect(toCompactJson('text', 3)).toBe('te…');
    expect(toCompactJson(undefined, 20)).toBe('undefined');
  });
});
