import { describe, expect, it } from 'vitest';
import { computeWakeAt, requireSignalName } from '../../src/definition/wait.ts';

describe('a sleep', () => {
  it.each([
    [{ for: '1m' }, 61_000],
    [{ for: 0 }, 1_000],
    [{ until: 5 }, 5],
    [{ until: '2026-01-31' }, Date.UTC(2026, 0, 31)],
    [{ until: '2026-01-31T09:00:00Z' }, Date.UTC(2026, 0, 31, 9)],
    [{ until: '2026-01-31T09:00:00.250+02:00' }, Date.UTC(2026, 0, 31, 7, 0, 0, 250)],
  ])('given %j at 1000 ends at %d', (value, wakeAt) => {
    expect(computeWakeAt(value, 1_000)).toBe(wakeAt);
  });

  it.each([[null, 'with'], [{}, 'with'], [{ for: 1, until: 2 }, 'with'], [{ for: null }, 'with.for'], [{ until: 'tomorrow' }, 'with.until'], [{ until: '2026-01-31T09:00' }, 'with.until'], [{ until: -1 }, 'with.until'], [{ until: '2026-13-41' }, 'with.until']])(
    'refuses %j',
    (value, path) => {
      expect(() => computeWakeAt(value, 1_000)).toThrow(expect.objectContaining({ code: 'sleep_invalid', place: { path } }));
    },
  );
});

describe('a signal', () => {
  it('has the name it is given', () => {
    expect(requireSignalName({ name: 'approval' })).toBe('approval');
  });

  it.each([null, {}, { name: '' }, { name: 1 }, 'approval'])('refuses %j', value => {
    expect(() => requireSignalName(value)).toThrow(expect.objectContaining({ code: 'signal_invalid' }));
  });
});
