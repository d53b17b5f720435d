import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { MemoryRecords } from '../../src/open-records.ts';
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

  it('ends also when it is younger than a thousand others that wait', async () => {
    const first = await openRuntime(flows, {}, { maxActiveFlows: 2_000 });
    await Promise.all(Array.from({ length: 1_001 }, () => first.runtime.start('parked')));
    await settleTicks();
    const before = (first.store as MemoryRecords).copy();
    await first.runtime.stop();
    const { store, copies } = recordCommits(before);
    const { runtime, clock } = await openRuntime(flows, {}, { store, clock: first.clock });
    const { executionId } = await runtime.start('parent');
    await settleTicks();
    clock.advance(1_500);
    await settleTicks();
    await runtime.stop();
    const isCutOff = ({ store: copy }: (typeof copies)[number]): boolean => {
      const failed = copy.listSteps(copy.getExecution(executionId)?.key ?? 0).some(({ stepId, status }) => stepId === 'child' && status === 'failed');
      return failed && copy.getExecution(`${executionId}.child`)?.settledAt === null;
    };
    const cut = copies.filter(isCutOff);
    expect(cut.length).toBeGreaterThan(0);
    const opened = await openRuntime(flows, {}, { store: cut[0]?.store as MemoryRecords, clock });
    await settleTicks(100);
    expect((await (await opened.runtime.get(`${executionId}.child`)).get()).status).toBe('failed');
    await opened.runtime.stop();
  });
});
