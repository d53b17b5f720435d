import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import type { MemoryRecords } from '../../src/open-records.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createGate, settleTicks } from '../runtime/open-runtime.ts';

const maxAttempts = 4;
const maxInterruptions = 3;
const backoffMs = 100;

/** What may happen to a promise and to its process. */
type Happening = 'fails' | 'ends' | 'crash' | 'stop' | 'idle' | 'refused' | number;

/** What is to be seen of a promise after all that. */
class Expected {
  state: 'running' | 'waiting' | 'paid' | 'failed' = 'running';
  calls = 1;
  attempt = 1;
  interruptions = 0;
  dueAt = 0;

  take(happening: Happening, now: number): void {
    if (happening === 'fails' && this.state === 'running') {
      if (this.attempt === maxAttempts) this.state = 'failed';
      else Object.assign(this, { state: 'waiting', dueAt: now + backoffMs * 2 ** (this.attempt - 1), attempt: this.attempt + 1 });
    } else if (happening === 'ends' && this.state === 'running') this.state = 'paid';
    else if (happening === 'crash' && this.state === 'running') {
      if (++this.interruptions >= maxInterruptions) this.state = 'failed';
      else this.calls++;
    } else if (happening === 'stop' && this.state === 'running') this.calls++;
    if (this.state === 'waiting' && now >= this.dueAt) {
      this.state = 'running';
      this.calls++;
    }
  }
}

it('whatever happens to it and to its process, a promise runs as often as it is to', async () => {
  const often: Happening[] = ['fails', 'fails', 'crash', 'crash', 'stop', 'stop', 'idle', 'refused', 50, 100, 400, 800];
  const happenings = fc.array(fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...often) }, { weight: 1, arbitrary: fc.constant<Happening>('ends') }), { maxLength: 24, size: 'max' });
  await fc.assert(fc.asyncProperty(happenings, async script => {
    const gates: ReturnType<typeof createGate<string>>[] = [];
    const pay = fromPromise<string>(() => {
      const gate = createGate<string>();
      gates.push(gate);
      return gate.promise;
    });
    const machine = setup({ actors: { pay }, types: {} as { context: { junk: unknown } } }).createMachine({
      id: 'payer', context: { junk: null }, initial: 'paying',
      on: { idle: {}, refused: { actions: assign({ junk: () => new Map() }) } },
      states: { paying: { invoke: { src: 'pay', id: 'payment', onDone: 'paid', onError: 'failed' } }, paid: {}, failed: {} },
    });
    const clock = new SimulatedClock();
    const open = async (store: MemoryRecords): Promise<{ store: MemoryRecords; runtime: Runtime }> => {
      const runtime = await createRuntime({ store, clock, maxInterruptions, machines: [{ machine, promises: { pay: { maxAttempts, backoffMs } } }] });
      await settleTicks();
      return { store, runtime };
    };
    let place = await open(createMemoryStore());
    await place.runtime.spawn(machine, { id: 'p' });
    const expected = new Expected();
    for (const happening of script) {
      if (happening === 'crash') {
        place.store.evict();
        place = await open(place.store.reopen());
      } else if (happening === 'stop') {
        await place.runtime.stop({ timeoutMs: 0 });
        place = await open(place.store.reopen());
      } else if (typeof happening === 'number') clock.advance(happening);
      else if (happening === 'fails') gates.at(-1)?.fail(new Error('no'));
      else if (happening === 'ends') gates.at(-1)?.open('yes');
      else await (await place.runtime.actor<typeof machine>('p')).send({ type: happening }).catch(() => {});
      await settleTicks();
      expected.take(happening, clock.now());
      const { value } = (await place.runtime.actor<typeof machine>('p')).getSnapshot();
      expect([happening, gates.length, value]).toEqual([happening, expected.calls, ['paid', 'failed'].includes(expected.state) ? expected.state : 'paying']);
    }
    await place.runtime.stop({ timeoutMs: 0 });
  }), { numRuns: 40 });
});
