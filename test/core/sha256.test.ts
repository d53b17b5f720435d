import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { computeSha256 } from '../../src/core/sha256.ts';
import { countUtf8, encodeUtf8 } from '../../src/core/utf8.ts';

const toExpected = (text: string): string => createHash('sha256').update(text).digest('hex');
const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 300 }), fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80 }).map(codes => String.fromCharCode(...codes)));

describe('a digest where there is no Node.js', () => {
  beforeEach(() => void vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never));
  afterEach(() => void vi.restoreAllMocks());

  it('is the one that Node.js computes, whatever the length of the text', () => {
    for (let length = 0; length < 260; length++) expect(computeSha256('a'.repeat(length))).toBe(toExpected('a'.repeat(length)));
  });

  it('is the one that Node.js computes of any text, half pairs included', () => {
    fc.assert(fc.property(texts, text => {
      expect(computeSha256(text)).toBe(toExpected(text));
    }));
  });
});

describe('UTF-8 in plain JavaScript', () => {
  it('is what Node.js writes', () => {
    fc.assert(fc.property(texts, text => {
      expect(Buffer.from(encodeUtf8(text)).equals(Buffer.from(text))).toBe(true);
      expect(countUtf8(text)).toBe(Buffer.byteLength(text));
    }));
  });
});
