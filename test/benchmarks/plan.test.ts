import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseOptions } from '../../benchmarks/harness/options.ts';
import { planRun } from '../../benchmarks/harness/plan.ts';
import { trials } from '../../benchmarks/trials/all.ts';
import { readPipeline } from '../../benchmarks/trials/flows.ts';

const everything = { trials, onlyTrials: [], onlyContestants: [], onlyCases: [] };

test('lets Flowstone run every trial, beside its floor where rows are written', () => {
  const planned = planRun({ ...everything, size: 'quick', field: 'own' });
  expect(new Set(planned.map(({ trial }) => trial))).toEqual(new Set(trials));
  for (const { contestants } of planned) {
    expect(contestants[0]?.name).toBe('flowstone');
    for (const { file } of contestants) expect(existsSync(file)).toBe(true);
  }
});

test('adds the peers to the trials they have a side of', () => {
  const [chain] = planRun({ ...everything, onlyTrials: ['chain'], size: 'quick', field: 'peers' });
  expect(chain?.contestants.map(({ name }) => name)).toEqual([
    'flowstone', 'floor', 'floor-ungrouped', 'xstate', 'xstate-tree', 'openworkflow', 'langgraph', 'dbos', 'pg-boss', 'plainjob', 'liteque',
  ]);
});

test('filters by trial, case and contestant', () => {
  const planned = planRun({ trials, size: 'normal', field: 'own', onlyTrials: ['chain'], onlyContestants: ['floor'], onlyCases: ['60 steps, 64'] });
  expect(planned.map(({ label }) => label)).toEqual(['60 steps, 64 at once, process', '60 steps, 64 at once, power']);
  expect(planned[0]?.contestants.map(({ name }) => name)).toEqual(['floor', 'floor-ungrouped']);
});

test('has the whole pipeline: 61 tasks with 347 dependencies, each on tasks before it', () => {
  const pipeline = readPipeline();
  expect(pipeline).toHaveLength(61);
  expect(pipeline.flat()).toHaveLength(347);
  for (const [position, before] of pipeline.entries()) for (const other of before) expect(other).toBeLessThan(position);
});

test('runs everything once when it is quick, three times otherwise', () => {
  expect(parseOptions(['--quick']).iterations).toBe(1);
  expect(parseOptions([]).iterations).toBe(3);
  expect(() => parseOptions(['--iterations', '0'])).toThrow('Expected --iterations to be an integer ≥ 1, got `0`');
});
