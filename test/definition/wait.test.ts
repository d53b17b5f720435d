import { describe, expect, it } from 'vitest';
import { readUses, startWait } from '../../src/definition/step-kinds.ts';

function begin(uses: string, value: unknown): number | undefined {
  const read = readUses(uses);
  if (!read) throw new Error(`Expected a kind of step, got ${uses}`);
  return startWait({ ...read, role: read.kind.role, timeoutMs: 500 }, value, 1_000);
}

describe('a sleep', () => {
  it.each([
    [{ for: '1m' }, 61_000],
    [{ for: 0 }, 1_000],
    [{ until: 5 }, 5],
    [{ until: '2026-01-31' }, Date.UTC(2026, 0, 31)],
    [{ until: '2026-01-31T09:00:00Z' }, Date.UTC(2026, 0, 31, 9)],
    [{ until: '2026-01-31T09:00:00.250+02:00' }, Date.UTC(2026, 0, 31, 7, 0, 0, 250)],
  ])('given %j at 1000 ends at %d', (value, wakeAt) => {
    expect(begin('sleep', value)).toBe(wakeAt);
  });

  it.each([[null, 'with'], [{}, 'with'], [{ for: 1, until: 2 }, 'with'], [{ for: null }, 'with.for'], [{ until: 'tomorrow' }, 'with.until'], [{ until: '2026-01-31T09:00' }, 'with.until'], [{ until: -1 }, 'with.until'], [{ until: '2026-13-41' }, 'with.until']])(
    'refuses %j',
    (value, path) => {
      expect(() => begin('sleep', value)).toThrow(expect.objectContaining({ code: 'sleep_invalid', place: { path } }));
    },
  );
});

describe('a signal', () => {
  it('has the name it is given, and waits as long as its timeout', () => {
    expect(readUses('signal')?.kind.signal?.({ name: 'approval' }, 'ask')).toBe('approval');
    expect(begin('signal', { name: 'approval' })).toBe(1_500);
  });

  it.each([null, {}, { name: '' }, { name: 1 }, 'approval'])('refuses %j', value => {
    expect(() => begin('signal', value)).toThrow(expect.objectContaining({ code: 'signal_invalid' }));
  });
});
