import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxDurationMs, parseDuration, toDurationMs } from '../../src/core/duration.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500], ['30s', 30_000], ['5m', 300_000], ['2h', 7_200_000], ['1d', 86_400_000], ['1h30m', 5_400_000], ['1.5h', 5_400_000],
    ['1m500ms', 60_500], [' 10s ', 10_000], ['0s', 0], ['PT30S', 30_000], ['PT1H30M', 5_400_000], ['P1DT12H', 129_600_000], ['P2W', 1_209_600_000],
    [250, 250], [0.6, 1],
  ])('reads %j as %d ms', (text, ms) => {
    expect(toDurationMs(text)).toBe(ms);
  });

  it.each(['', 'soon', '5', '5 m', '5min', '30m1h', '1h1h', '-5s', 'P', 'PT', 'P1DT', 'P1Y', 'P1M', '1e3s', '1d2', 'PT1H1D', -1, Number.NaN, Number.POSITIVE_INFINITY, null, true, [], `${'9'.repeat(400)}s`])(
    'refuses %j',
    value => {
      expect(toDurationMs(value)).toBeUndefined();
    },
  );

  it('says what was expected and what was found', () => {
    expect(() => parseDuration('5 minutes', 'timeout')).toThrow(
      'Expected `timeout` to be a duration like `500ms`, `30s`, `5m`, `2h`, `1d`, `1h30m`, `PT30S`, or a number of milliseconds, got `5 minutes` (string)',
    );
  });

  it('adds up its parts, in both notations', () => {
    const part = fc.nat({ max: 999 });
    fc.assert(
      fc.property(part, part, part, part, (d, h, m, s) => {
        const ms = d * 86_400_000 + h * 3_600_000 + m * 60_000 + s * 1_000;
        expect(toDurationMs(`${d}d${h}h${m}m${s}s`)).toBe(ms);
        expect(toDurationMs(`P${d}DT${h}H${m}M${s}S`)).toBe(ms);
      }),
    );
  });

  it('gives back whole ms as they are, and never anything outside its range', () => {
    fc.assert(fc.property(fc.nat({ max: maxDurationMs }), ms => toDurationMs(ms) === ms && toDurationMs(`${ms}ms`) === ms));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.stringMatching(/^P?T?\d*[dhmsDHMS]*\d*[hms]*$/)), value => {
        const ms = toDurationMs(value);
        return ms === undefined || (Number.isInteger(ms) && ms >= 0 && ms <= maxDurationMs);
      }),
    );
  });
});
