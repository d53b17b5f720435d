import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Execution } from '../../src/kinds/flows/execution-api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { settleTicks, toTools, until } from '../runtime/open-runtime.ts';
import { createTaintingStore, stores } from './tainting-store.ts';

const flow = defineFlow({
  id: 'chain',
  steps: [
    { id: 'a', uses: 'tool:note', with: { name: '{% input.name %}' } },
    { id: 'w', uses: 'signal', with: { name: 'go' } },
    { id: 'b', uses: 'tool:note', depends_on: ['a', 'w'], with: { name: '{% input.name %}' } },
  ],
});
const jobs = defineQueue({ name: 'jobs' });

describe.each(stores)('random ticks over a store $name', ({ open }) => {
  it.each([1, 2, 3, 4, 5, 6])('end as an oracle has it, whatever the store refuses (seed %i)', async seed => {
    const random = createSeededRandom(seed);
    const inner = open();
    const { store, tainted } = createTaintingStore(inner);
    tainted.add('bad-');
    const notes = new Map<string, number>();
    const handled = new Map<unknown, number>();
    const count = <Key>(counts: Map<Key, number>, key: Key): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
    const note = ({ input, stepId }: { readonly input: unknown; readonly stepId: string }): void => count(notes, `${(input as { name: string }).name}/${stepId}`);
    const runtime = await createRuntime({ store, clock: new SimulatedClock(), random: createSeededRandom(seed), listen: false, flows: [flow], queues: [jobs], tools: toTools({ note: note as never }) });
    await runtime.consume(jobs, ({ payload }) => count(handled, payload), { workers: 2 });
    const good: Promise<Execution>[] = [];
    const expected: string[] = [];
    const published: string[] = [];
    const bad: Promise<unknown>[] = [];
    for (let round = 0; round < 12; round++) {
      for (let many = Math.ceil(random.next() * 12); many > 0; many--) {
        const isBad = random.next() < 0.1;
        const name = `${isBad ? 'bad-' : 'good-'}${seed}.${round}.${many}`;
        const isFlow = random.next() < 0.5;
        const call = isFlow ? runtime.start('chain', { input: { name } }) : runtime.publish(jobs, name);
        if (isBad) bad.push(call.then(() => 'stored', () => 'refused'));
        else if (isFlow) {
          expected.push(name);
          good.push(call as Promise<Execution>);
        } else published.push(name);
      }
      await settleTicks(Math.floor(random.next() * 4));
    }
    expect(new Set(await Promise.all(bad))).toEqual(new Set(bad.length > 0 ? ['refused'] : []));
    const executions = await Promise.all(good);
    await Promise.all(executions.map(execution => execution.signal('go')));
    for (const execution of executions) expect(await execution.settled()).toMatchObject({ status: 'scored', passed: true });
    await until(() => handled.size === published.length);
    await settleTicks();
    // Each handler ran once, of what was stored and of nothing else.
    expect([...notes].toSorted()).toEqual(expected.flatMap(name => [[`${name}/a`, 1], [`${name}/b`, 1]]).toSorted());
    expect([...handled].toSorted()).toEqual(published.map(name => [name, 1]).toSorted());
    expect(runtime.health()).toMatchObject({ status: 'running', activeFlows: 0 });
    await expectSound(inner);
    await runtime.stop();
  });
});
