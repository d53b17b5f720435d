import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Due, DueKind } from '../../src/engine/due.ts';
import { DueTimes } from '../../src/engine/due.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

describe('timers', () => {
  it('forget what nobody needs any more, long before it is due', () => {
    const clock = new SimulatedClock(0);
    const fired: Due[] = [];
    const kind: DueKind = { ring: due => void fired.push(...due), isNeeded: ({ key }) => key.startsWith('live') };
    const timers = new DueTimes(clock);
    for (let flow = 0; flow < 10_000; flow++) {
      timers.add({ at: 50_000, of: kind, key: `${flow % 100 === 0 ? 'live' : 'over'}-${flow}`, place: -1 });
      timers.add({ at: 40_000, of: kind, key: 'live', place: 0, part: -1 });
    }
    clock.advance(60_000);
    expect(fired.length).toBeLessThan(1_200);
    expect(new Set(fired.map(({ key }) => key).filter(key => key.startsWith('live-'))).size).toBe(100);
    expect(fired.map(({ at }) => at)).toEqual(fired.map(({ at }) => at).toSorted((a, b) => a - b));
  });

  it('are all cleared by a stop, also that of a retry decided while it waits', async () => {
    const gate = createGate();
    const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:bad', retry: { maxAttempts: 3, initialInterval: '500ms', jitter: 'none' as const } }] };
    const { runtime, clock } = await openRuntime(flow, { bad: () => gate.promise });
    await runtime.start('f');
    await settleTicks();
    const stopping = runtime.stop();
    await settleTicks();
    gate.fail(new Error('again'));
    await stopping;
    expect(clock.nextTimerAt()).toBeUndefined();
  });
});
