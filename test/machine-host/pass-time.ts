import type { SimulatedClock } from '../../src/core/clock.ts';
import { maxDelayMs } from '../../src/core/clock.ts';

const day = 86_400_000;

/** Lets time go on from one timer to the next, as it does; what a timer leads to happens before the next one fires. */
export async function passTime(clock: SimulatedClock, ms: number, settle: () => Promise<unknown>): Promise<void> {
  const until = clock.now() + ms;
  // So long that the runtime's own care of its store would be looked at thousands of times: all at once.
  if (ms > day) {
    clock.advance(ms);
    await settle();
    return;
  }
  for (let next = clock.nextTimerAt(); next !== undefined && next <= until; next = clock.nextTimerAt()) {
    clock.advance(next - clock.now());
    await settle();
  }
  clock.advance(until - clock.now());
  await settle();
}

/** The same clock as XState takes it; delays may be longer than timers go. */
export function toActorClock(clock: SimulatedClock): { setTimeout(callback: () => void, ms: number): number; clearTimeout(id: number): void } {
  const timers = new Map<number, unknown>();
  let last = 0;
  const arm = (id: number, callback: () => void, ms: number): void => {
    const part = Math.min(ms, maxDelayMs);
    timers.set(id, clock.setTimer(() => {
      if (part < ms) return arm(id, callback, ms - part);
      timers.delete(id);
      callback();
    }, part));
  };
  return {
    setTimeout: (callback, ms) => {
      arm(++last, callback, ms);
      return last;
    },
    clearTimeout: id => {
      clock.clearTimer(timers.get(id));
      timers.delete(id);
    },
  };
}
