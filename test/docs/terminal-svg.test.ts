import { describe, expect, test } from 'vitest';
import { renderScreen } from '../../docs/images/terminal-svg.ts';

describe('pictures of a terminal', () => {
  test('keep colours, weight and columns, and say what their text says', () => {
    const picture = renderScreen('\u001B[1mbold\u001B[0m  \u001B[32m✔\u001B[39m a<b & c\n\u001B[2mdim\u001B[0m\n\n', 'A title');
    expect(picture).toContain('font-weight="bold">bold</text>');
    expect(picture).toContain('fill="#3fb950">✔</text>');
    expect(picture).toContain('>a&lt;b &amp; c</text>');
    expect(picture).toContain('opacity="0.6">dim</text>');
    expect(picture.match(/<text /g)).toHaveLength(4);
    expect(picture).toMatch(/^<svg [^>]*height="96" role="img" aria-label="A title">/);
  });
});
