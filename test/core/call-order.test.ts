import { describe, expect, it } from 'vitest';
import { CallOrder } from '../../src/core/call-order.ts';
import { createGate, settleTicks } from '../runtime/open-runtime.ts';

describe('the order of calls', () => {
  it('is that in which they were made, about one thing, whichever answer comes first', async () => {
    const order = new CallOrder();
    const gates = [createGate<string>(), createGate<string>(), createGate<string>()];
    const went: string[] = [];
    const [first, second, other] = gates.map(({ promise }, place) => order.keep(place < 2 ? 'one' : 'other', promise).then(value => void went.push(value), () => void went.push('failed')));
    gates[1]?.open('second');
    gates[2]?.open('other');
    await settleTicks();
    expect(went).toEqual(['other']);
    gates[0]?.fail(new Error('no'));
    await Promise.all([first, second, other]);
    expect(went).toEqual(['other', 'failed', 'second']);
  });
});
