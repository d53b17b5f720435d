import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Execution } from '../../src/kinds/flows/execution-api.ts';
import type { Records } from '../../persistence/store.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';

/** All answers come some turns later. */
function slow(store: Records, seed: number): Records {
  const random = createSeededRandom(seed);
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      // A store that answers later has no transaction that a step could join.
      if (name === 'commitWith') return undefined;
      if (typeof value !== 'function' || name === 'close') return value;
      return async (...args: unknown[]) => {
        await settleTicks(Math.floor(random.next() * 4));
        const answer: unknown = value.apply(target, args);
        await settleTicks(Math.floor(random.next() * 4));
        return structuredClone(answer);
      };
    },
  });
}

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

describe('a slow store', () => {
  it.each(seeds)('gets every flow to its end, children and sleepers too (seed %i)', async seed => {
    const flows = [
      { id: 'p', steps: [{ id: 'kids', uses: 'flow:k', for_each: '{% [1,2,3] %}', with: {} }, { id: 'z', uses: 'tool:ok', depends_on: ['kids'] }] },
      { id: 'k', steps: [{ id: 'nap', uses: 'sleep', with: { for: '2s' } }, { id: 'w', uses: 'tool:ok', depends_on: ['nap'] }, { id: 'nap2', uses: 'sleep', with: { for: '2s' }, depends_on: ['w'] }] },
      { id: 's', steps: [{ id: 'nap', uses: 'sleep', with: { for: '3s' } }, { id: 'x', uses: 'tool:ok', depends_on: ['nap'] }] },
    ];
    const { runtime, clock } = await openRuntime(flows, { ok: () => ({}) }, { store: slow(createMemoryStore(), seed), maxActiveFlows: 3, keepResidentMs: seed % 2 ? 0 : 1000 });
    const started: Execution[] = [];
    for (let i = 0; i < 4; i++) { started.push(await runtime.start('p')); started.push(await runtime.start('s')); }
    let done = 0;
    for (const e of started) void e.settled().then(() => done++, () => {});
    for (let i = 0; i < 60 && done < started.length; i++) { await settleTicks(30); clock.advance(400); }
    await settleTicks(100);
    expect(runtime.health()).toMatchObject({ status: 'running' });
    expect(done).toBe(started.length);
  });
  it.each(seeds)('leaves no child behind when its parent is cancelled (seed %i)', async seed => {
    const flows = [
      { id: 'p', steps: [{ id: 'kid', uses: 'flow:k' }] },
      { id: 'k', steps: [{ id: 'w', uses: 'tool:hold' }] },
    ];
    const { runtime } = await openRuntime(flows, { hold: () => createGate().promise }, { store: slow(createMemoryStore(), seed) });
    const p = await runtime.start('p');
    await settleTicks(seed);
    await p.cancel();
    await settleTicks(80);
    const kids = (await runtime.list()).filter(e => e.flowId === 'k');
    for (const kid of kids) expect(kid.status).toBe('failed');
  });
});
