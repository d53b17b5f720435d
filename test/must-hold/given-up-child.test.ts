import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../persistence/memory/memory-store.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { recordCommits } from './crash-kit.ts';
import { expectSound } from './expect-sound.ts';

const flows: FlowSource[] = [
  { id: 'parent', steps: [{ id: 'child', uses: 'flow:parked', timeout: '1s', critical: false }, { id: 'later', uses: 'signal', with: { name: 'go' } }] },
  { id: 'parked', steps: [{ id: 'wait', uses: 'signal', with: { name: 'never' } }] },
];

describe('a flow that no step waits for any more', () => {
  it('ends, whichever commit a crash came after, while the flow that started it goes on', async () => {
    const { store, copies, watch } = recordCommits(createMemoryStore());
    const { runtime, clock } = await openRuntime(flows, {}, { store });
    watch([], clock);
    const { executionId } = await runtime.start('parent');
    await settleTicks();
    clock.advance(1_500);
    await settleTicks();
    expect((await (await runtime.get(`${executionId}.child`)).get()).status).toBe('failed');
    expect((await (await runtime.get(executionId)).get()).status).toBe('stepping');
    await runtime.stop();
    for (const [index, copy] of copies.entries()) {
      const opened = await openRuntime(flows, {}, { store: copy.store });
      opened.clock.jump(copy.at);
      await settleTicks();
      opened.clock.advance(1_500);
      await settleTicks();
      const child = await opened.runtime.get(`${executionId}.child`);
      expect([index, (await child.get()).status]).toEqual([index, 'failed']);
      expect([index, (await (await opened.runtime.get(executionId)).get()).status]).toEqual([index, 'stepping']);
      await expectSound(copy.store);
      await opened.runtime.stop();
    }
  });
});
