import { expect, test } from 'vitest';
import { computeRatio, formatNumber, renderTrial } from '../../benchmarks/harness/report.ts';
import type { Row } from '../../benchmarks/harness/report.ts';
import type { Trial } from '../../benchmarks/harness/trial.ts';

const speed = { key: 'stepsPerSecond', label: 'steps/s', better: 'higher' } as const;
const cost = { key: 'usPerStep', label: 'µs/step', better: 'lower' } as const;

const trial: Trial = { name: 'chain', side: 'flows', title: 'Chain', about: 'Steps in a row.', measures: [speed, cost], cases: () => [] };

const row = (contestant: string, ...speeds: number[]): Row => ({
  trial: 'chain', case: '4 steps', contestant,
  outcomes: speeds.map(stepsPerSecond => ({ measured: { stepsPerSecond, usPerStep: 1e6 / stepsPerSecond } })),
});

test('says how much faster by the medians, whichever way the measure points', () => {
  const fast = row('fast', 900, 1_000, 5_000);
  const slow = row('slow', 100, 90, 110);
  expect(computeRatio(fast, slow, speed)).toBe(10);
  expect(computeRatio(fast, slow, cost)).toBeCloseTo(10);
});

test('prints medians with their range, the share of the floor and how many times faster Flowstone is', () => {
  const lines = renderTrial(trial, [row('flowstone', 400, 500, 600), row('floor', 1_000), row('peer', 50)]).split('\n');
  expect(lines).toContain('| 4 steps | flowstone | 500 (400–600) | 2,000 (1,667–2,500) | 50.0 % |  |');
  expect(lines).toContain('| 4 steps | floor | 1,000 | 1,000 | 100 % | 0.500 |');
  expect(lines).toContain('| 4 steps | peer | 50.0 | 20,000 | 5.00 % | 10.0 |');
});

test('gives the reason in place of numbers for a contestant that could not run', () => {
  const skipped: Row = { trial: 'chain', case: '4 steps', contestant: 'dbos', outcomes: [{ skipped: 'no PostgreSQL' }] };
  expect(renderTrial(trial, [row('flowstone', 500), skipped])).toContain('| 4 steps | dbos | skipped: no PostgreSQL |  |  |');
});

test.each([[0, '0'], [0.0123, '0.012'], [1.234, '1.23'], [123.4, '123'], [65_432.1, '65,432']])('writes %d as %s', (value, written) => {
  expect(formatNumber(value)).toBe(written);
});
