import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeFlowProgress, learnDuration, type FlowProgressFigures, type ProgressStep } from '../../src/core/flow-progress.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';

const pending: ProgressStep = { dependsOn: [], expected: null, state: 'pending', runAt: null, endsAt: null, isAwaited: false, tookMs: null, items: null };
const known = (expectedMs: number) => ({ expectedMs, stalledAfterMs: 2 * expectedMs });
const task = (expectedMs: number | null, ...dependsOn: number[]): ProgressStep => ({ ...pending, expected: expectedMs === null ? null : known(expectedMs), dependsOn });
const settle = (step: ProgressStep): ProgressStep => ({ ...step, state: 'settled' });
const compute = (steps: readonly ProgressStep[], rest: { concurrency?: number; settled?: boolean; now?: number } = {}): FlowProgressFigures =>
  computeFlowProgress({ steps, concurrency: 10, settled: false, now: 0, ...rest });

const anyStep = fc.record({
  expected: fc.option(fc.nat(1e12).map(known)),
  state: fc.constantFrom('pending', 'running', 'waiting', 'retrying', 'settled'),
  runAt: fc.option(fc.integer({ min: -1e9, max: 1e9 })),
  endsAt: fc.option(fc.integer({ min: -1e9, max: 1e9 })),
  isAwaited: fc.boolean(),
  tookMs: fc.option(fc.nat(1e9)),
  items: fc.option(fc.nat(100).chain(total => fc.nat(total).map(done => ({ total, settled: done })))),
  waits: fc.array(fc.nat(), { maxLength: 3 }),
});
const anySteps = fc.array(anyStep, { minLength: 1, maxLength: 25 }).map(list => list.map(({ waits, ...step }, position): ProgressStep => ({
  ...step, dependsOn: position === 0 ? [] : [...new Set(waits.map(n => n % position))],
})));

describe('progress', () => {
  it('is between 0 and 1, 1 only when settled, and estimates a time or says that it knows none', () => {
    fc.assert(fc.property(anySteps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: -1e9, max: 1e9 }), (steps, concurrency, now) => {
      const { share, remainingMs, stalled } = compute(steps, { concurrency, now });
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(0.99);
      if (remainingMs !== null) expect(Number.isFinite(remainingMs) && remainingMs >= 0).toBe(true);
      for (const position of stalled) expect(steps[position]?.state).toBe('running');
      expect(compute(steps, { concurrency, now, settled: true })).toEqual({ share: 1, remainingMs: 0, stalled: [] });
    }));
  });

  it('never falls when a step settles or time passes', () => {
    fc.assert(fc.property(anySteps, fc.infiniteStream(fc.nat()), fc.array(fc.nat(1e6), { minLength: 25, maxLength: 25 }), (start, order, ticks) => {
      const steps = [...start];
      let now = 0;
      let before = compute(steps, { now }).share;
      for (const tick of ticks) {
        const open = [...steps.keys()].filter(position => steps[position]?.state !== 'settled');
        if (open.length === 0) return;
        const position = open[(order.next().value ?? 0) % open.length] as number;
        steps[position] = settle(steps[position] as ProgressStep);
        now += tick;
        const { share } = compute(steps, { now });
        expect(share).toBeGreaterThanOrEqual(before - 1e-12);
        before = share;
      }
    }));
  });

  it('is half when half of the work is done, however many steps that is', () => {
    const steps = [...Array.from({ length: 9 }, () => settle(task(100))), task(900)];
    expect(compute(steps).share).toBe(0.5);
    expect(compute([settle(task(900)), ...Array.from({ length: 9 }, () => task(100))]).share).toBe(0.5);
    expect(compute([settle(task(null)), task(null), task(null), task(null)])).toEqual({ share: 0.25, remainingMs: null, stalled: [] });
  });

  it('says 54 % after 33 of 61 equal tasks of a real pipeline, and 95 % at most for a step that runs over', () => {
    const { steps } = pipelineFlow();
    const tasks = steps.map((_, position) => (position < 33 ? settle(task(1_000)) : task(1_000)));
    expect(compute(tasks).share).toBeCloseTo(33 / 61);
    expect(compute([{ ...task(100), state: 'running', runAt: 0 }], { now: 50 }).share).toBe(0.5);
    expect(compute([{ ...task(100), state: 'running', runAt: 0 }], { now: 5_000 }).share).toBe(0.95);
    expect(compute([{ ...task(100), state: 'running', runAt: 0, items: { total: 4, settled: 1 } }], { now: 5_000 }).share).toBe(0.25);
  });
});

describe('what is left', () => {
  it('follows the critical path, or the work when there is no room', () => {
    const { steps } = pipelineFlow();
    const positions = new Map(steps.map(({ id }, position) => [id, position]));
    const tasks = steps.map(({ depends_on }) => task(1_000, ...depends_on.map(id => positions.get(id) as number)));
    expect([1, 2, 3, 10].map(concurrency => compute(tasks, { concurrency }).remainingMs)).toEqual([61_000, 39_000, 36_000, 36_000]);
  });

  it('counts what runs by its time, a back-off by its end, and a sleep as it is', () => {
    const running: ProgressStep = { ...task(1_000), state: 'running', runAt: 0 };
    expect(compute([running, task(500, 0)], { now: 400 }).remainingMs).toBe(1_100);
    expect(compute([{ ...running, state: 'retrying', endsAt: 700 }], { now: 400 }).remainingMs).toBe(1_300);
    expect(compute([{ ...pending, state: 'waiting', runAt: 0, endsAt: 90_000 }, task(500, 0)], { now: 400 }).remainingMs).toBe(90_100);
    expect(compute([running, task(500, 0)], { now: 60_000 }).remainingMs).toBeCloseTo(550);
  });

  it('names no time while a person or a signal is awaited, and does not count its wait as work', () => {
    const awaited: ProgressStep = { ...task(1_000), state: 'waiting', runAt: 0, isAwaited: true };
    expect(compute([settle(task(1_000)), awaited, task(2_000, 1)], { now: 60_000 })).toEqual({ share: 0.25, remainingMs: null, stalled: [] });
    expect(compute([settle(task(1_000)), { ...awaited, endsAt: 90_000 }], { now: 60_000 }).remainingMs).toBeNull();
  });

  it('counts a sleep by the time until it is due, whatever was expected', () => {
    const sleep: ProgressStep = { ...task(10), state: 'waiting', runAt: 0, endsAt: 1_000 };
    expect([0, 500, 5_000].map(now => compute([sleep], { now }).share)).toEqual([0, 0.5, 0.95]);
    expect(compute([sleep], { now: 400 }).remainingMs).toBe(600);
  });

  it('takes the pace of this execution, and what is unknown to be as the rest', () => {
    const slow = { ...settle(task(100)), tookMs: 300 };
    expect(compute([slow, task(200)]).remainingMs).toBeCloseTo((200 * 330) / 130);
    // One quick step says little about an hour.
    expect(compute([{ ...settle(task(1_000)), tookMs: 1 }, task(3_600_000)]).remainingMs).toBeGreaterThan(3_500_000);
    expect(compute([{ ...settle(task(null)), tookMs: 40 }, task(null)]).remainingMs).toBe(40);
    expect(compute([task(200), task(null), task(400)], { concurrency: 1 }).remainingMs).toBe(900);
    expect(compute([task(null), task(null)]).remainingMs).toBeNull();
  });
});

describe('stalled steps', () => {
  it('are those past their own time, whatever that is', () => {
    const running: ProgressStep = { ...task(36_000), state: 'running', runAt: 0 };
    expect(compute([running], { now: 70_000 }).stalled).toEqual([]);
    expect(compute([task(1), running], { now: 72_001 }).stalled).toEqual([1]);
    expect(compute([{ ...running, state: 'waiting' }, { ...running, expected: null }], { now: 1e9 }).stalled).toEqual([]);
  });

  it('are judged by the median and the longest of earlier runs', () => {
    expect(learnDuration([])).toBeUndefined();
    expect(learnDuration([5_000, 1_000, 2_000])).toEqual({ expectedMs: 2_000, stalledAfterMs: 6_250 });
    expect(learnDuration([1, 2])).toEqual({ expectedMs: 1, stalledAfterMs: 1_000 });
    expect(learnDuration([3_000])).toEqual({ expectedMs: 3_000, stalledAfterMs: 6_000 });
  });
});
