import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createMemoryStore, createRuntime, defineFlow, defineTool } from '../../src/index.ts';
import { getParts } from '../../src/runtime/sessions-of.ts';

const hour = 3_600_000;

/** A laptop's clocks: while it sleeps the calendar goes on, and timers do not. */
async function begin(maxActiveFlows = 10) {
  const clock = new SimulatedClock();
  const calls: string[] = [];
  let release = (): void => {};
  const busy = defineTool({ name: 'busy', run: () => new Promise<void>(resolve => (release = resolve)) });
  const note = defineTool({ name: 'note', run: ({ input }) => void calls.push(String(input)) });
  const after = (time: string) => defineFlow({ id: `in-${time}`, steps: [{ id: 'sleep', uses: 'sleep', with: { for: time } }, { id: 'wake', uses: 'tool:note', with: time, depends_on: ['sleep'] }] } as never);
  const work = defineFlow({ id: 'work', steps: [{ id: 'work', uses: 'tool:busy' }] } as never);
  const held = defineFlow({ id: 'held', steps: [{ id: 'wait', uses: 'signal', with: { name: 'go' }, timeout: '2h' }] } as never);
  const runtime = await createRuntime({ store: createMemoryStore(), clock, tools: [note, busy], flows: [work, after('1h'), after('7h'), after('9h'), held], isolation: false, maxActiveFlows });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve));
  };
  return { clock, calls, runtime, parts: getParts(runtime), settle, release: () => release() };
}

describe('a machine that sleeps', () => {
  it('does what fell due in eight hours once when it wakes, and nothing else fails', async () => {
    const { clock, calls, runtime, parts, settle } = await begin();
    const started = [];
    for (const id of ['in-1h', 'in-7h', 'in-9h', 'held']) started.push(await runtime.start(id));
    await settle();
    parts.suspend();
    clock.jump(clock.now() + 8 * hour);
    await settle();
    expect(calls).toEqual([]);
    parts.resume();
    await settle();
    expect(calls).toEqual(['1h', '7h']);
    // A time limit is one of the calendar, too; whatever has none and waits stands where it stood.
    expect(await Promise.all(started.map(async execution => (await execution.get()).status))).toEqual(['scored', 'scored', 'stepping', 'scored']);
    parts.resume();
    clock.advance(10_000);
    await settle();
    expect(calls).toEqual(['1h', '7h']);
    clock.jump(clock.now() + hour);
    parts.resume();
    await settle();
    expect(calls).toEqual(['1h', '7h', '9h']);
    await runtime.stop();
  });

  it('goes back and forth without harm: a clock that is set back makes nothing due', async () => {
    const { clock, calls, runtime, parts, settle } = await begin();
    await runtime.start('in-1h');
    await settle();
    clock.jump(clock.now() - 5 * hour);
    parts.resume();
    await settle();
    expect(calls).toEqual([]);
    await runtime.stop();
  });

  it('begins nothing that waits in the store until it is awake', async () => {
    const { clock, calls, runtime, parts, settle, release } = await begin(1);
    await runtime.start('work');
    await settle();
    const waiting = await runtime.start('in-1h');
    parts.suspend();
    release();
    await settle();
    expect((await waiting.get()).status).toBe('pending');
    parts.resume();
    await settle();
    expect((await waiting.get()).status).toBe('stepping');
    clock.advance(hour);
    expect(calls).toEqual([]);
    await runtime.stop();
  });

  it('says nothing to a runtime that has stopped', async () => {
    const { runtime, parts } = await begin();
    await runtime.stop();
    expect(() => parts.suspend()).not.toThrow();
    expect(() => parts.resume()).not.toThrow();
  });
});
