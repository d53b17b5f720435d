import { describe, expect, it } from 'vitest';
import { BelievedTime } from '../../src/core/believed-time.ts';
import { processTime, setDeadline, SimulatedClock, systemClock } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/clock.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('process time', () => {
  it('credits what passed between two beats, at most 200 ms at once', () => {
    const before = processTime(systemClock);
    const until = performance.now() + 450;
    while (performance.now() < until);
    const credit = processTime(systemClock) - before;
    expect(credit).toBeGreaterThan(0);
    expect(credit).toBeLessThanOrEqual(200);
  });

  it('is what has passed on a simulated clock, whatever time that shows, and the calendar of one that knows no other', () => {
    const clock = new SimulatedClock();
    clock.advance(1_000);
    clock.jump(clock.now() + 40 * day);
    expect(processTime(clock)).toBe(1_000);
    expect(processTime({ now: () => 7, setTimer: () => undefined, clearTimer: () => {} })).toBe(7);
  });
});

describe('a deadline', () => {
  /** Timers fire when they are told to, and process time is what is set. */
  const create = () => {
    const delays: number[] = [];
    const fires: (() => void)[] = [];
    const state = { passed: 0 };
    const clock: Clock = { now: () => 0, passed: () => state.passed, setTimer: (callback, delay) => (delays.push(delay), fires.push(callback)), clearTimer: () => void (fires.length = 0) };
    return { clock, state, delays, fire: () => fires.pop()?.() };
  };

  it('waits for what is left when the process was stopped meanwhile', () => {
    const { clock, state, delays, fire } = create();
    let expired = 0;
    setDeadline(clock, 1_000, () => expired++);
    state.passed = 200;
    fire();
    expect(expired).toBe(0);
    state.passed = 999.5;
    fire();
    expect([expired, delays]).toEqual([0, [1_000, 800, 1]]);
    state.passed = 1_000;
    fire();
    expect(expired).toBe(1);
  });

  it('can be taken back, and is longer than one timer may be', () => {
    const clock = new SimulatedClock();
    const expired: string[] = [];
    setDeadline(clock, 2 * hour, () => expired.push('long'));
    const drop = setDeadline(clock, 1_000, () => expired.push('dropped'));
    drop();
    clock.advance(2 * hour - 1);
    clock.jump(clock.now() + 40 * day);
    expect(expired).toEqual([]);
    clock.advance(1);
    expect(expired).toEqual(['long']);
  });
});

describe('the time by which things are deleted', () => {
  it('does not follow a clock that shows a day far ahead for a minute', () => {
    const clock = new SimulatedClock();
    const believed = new BelievedTime(clock);
    const began = clock.now();
    clock.jump(began + 40 * day);
    clock.advance(60_000);
    expect(believed.read()).toBe(began + 60_000);
    clock.jump(began + 60_000);
    expect(believed.read()).toBe(began + 60_000);
  });

  it('follows it after an hour, and at once when it is set back', () => {
    const clock = new SimulatedClock();
    const believed = new BelievedTime(clock);
    const began = clock.now();
    clock.jump(began + 40 * day);
    for (let minute = 0; minute < 59; minute++) {
      clock.advance(60_000);
      expect(believed.read()).toBe(began + (minute + 1) * 60_000);
    }
    clock.advance(60_000);
    expect(believed.read()).toBe(clock.now());
    clock.jump(began);
    expect(believed.read()).toBe(began);
  });

  it('is not ahead of what was stored before, for the first hour', () => {
    const clock = new SimulatedClock();
    const believed = new BelievedTime(clock);
    const began = clock.now();
    believed.know(began - 40 * day);
    believed.know(began + 40 * day);
    expect(believed.read()).toBe(began - 40 * day);
    clock.advance(hour);
    expect(believed.read()).toBe(clock.now());
  });
});
