import { describe, expect, it } from 'vitest';
import { FairTurns } from '../../src/engine/fair-turns.ts';
import { openRuntime, settleTicks } from './open-runtime.ts';

describe('executions that wait to be admitted', () => {
  it.each([1, 5, 1_000_000])('go by priority, but one that waits has its turn beside a steady stream of higher ones (%d)', async priority => {
    const order: unknown[] = [];
    const flow = { id: 'f', steps: [{ id: 's', uses: 'tool:work', with: { name: '{% input.name %}' } }] };
    const gates: (() => void)[] = [];
    const work = ({ input }: { readonly input: unknown }) => (order.push((input as { name: unknown }).name), new Promise<void>(resolve => gates.push(resolve)));
    const { runtime, clock } = await openRuntime(flow, { work }, { maxActiveFlows: 1 });
    const start = (name: string, level: number): Promise<unknown> => runtime.start('f', { priority: level, input: { name } });
    for (let count = 0; count < 3; count++) await start('high', priority);
    await start('low', 0);
    for (let round = 0; round < 60 && !order.includes('low'); round++) {
      await start('high', priority);
      clock.advance(100);
      gates.shift()?.();
      await settleTicks(12);
    }
    expect(order.indexOf('low')).toBeGreaterThan(3);
    expect(order.indexOf('low')).toBeLessThan(30);
    gates.splice(0).forEach(open => open());
    await runtime.stop({ timeoutMs: 0 });
  });
});

describe('turns', () => {
  it('give one place in eight to age, however many are given at once', () => {
    for (const places of [1, 3, 8, 100]) {
      const turns = new FairTurns();
      let aged = 0;
      for (let given = 0; given < 2_400; given += places) {
        aged += turns.countAged(places);
        turns.note(places);
      }
      expect(aged).toBe(300);
    }
  });
});
