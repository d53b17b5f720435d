import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageMachine } from '../../machines/message.ts';
import { Alarms } from '../../src/kinds/queues/message-claims.ts';
import type { QueuedMessage } from '../../src/kinds/queues/queued-message.ts';
import { toQueuedMessage } from '../../src/kinds/queues/queued-message.ts';
import type { MessageRunner } from '../../src/kinds/queues/queue-rules.ts';
import { compileMachine } from '../../src/core/machine-runner.ts';
import { makeMessage } from '../persistence/conformance/queue-fixtures.ts';

const machine: MessageRunner = compileMachine(messageMachine);
const makeQueued = (key: number): QueuedMessage => toQueuedMessage(makeMessage(key), machine.restore);

describe('alarms', () => {
  it('tell of what is due in the order of time, and of nothing that was claimed anew or has settled', () => {
    const change = fc.record({ key: fc.integer({ min: 1, max: 5 }), at: fc.nat(20), and: fc.constantFrom('waits', 'is claimed', 'settles') });
    fc.assert(fc.property(fc.array(change), fc.nat(20), (changes, now) => {
      const entries = new Map<number, QueuedMessage>();
      const alarms = new Alarms(entries);
      const expected = new Map<number, number[]>();
      for (const { key, at, and } of changes) {
        const entry = entries.get(key) ?? makeQueued(key);
        entries.set(key, entry);
        alarms.set(at, entry);
        expected.set(key, [...(expected.get(key) ?? []), at]);
        if (and === 'waits') continue;
        expected.delete(key);
        if (and === 'settles') entries.delete(key);
        else entry.snapshot = machine.transition(machine.restore('pending', entry.snapshot.context), { type: 'message.claim', leaseUntil: 0 }, []);
      }
      const due = [...expected].flatMap(([key, times]) => times.filter(at => at <= now).map(at => ({ key, at }))).toSorted((a, b) => a.at - b.at);
      const told = [...alarms.takeDue(now)].map(({ key }) => key);
      expect(told.toSorted()).toEqual(due.map(({ key }) => key).toSorted());
      expect(alarms.nextAt ?? now + 1).toBeGreaterThan(now);
    }));
  });

  it('do not keep messages in memory that have settled', () => {
    const entries = new Map<number, QueuedMessage>();
    const alarms = new Alarms(entries);
    for (let key = 1; key <= 20_000; key++) {
      const entry = makeQueued(key);
      entries.set(key, entry);
      alarms.set(key + 30_000, entry);
      if (key % 10 > 0) entries.delete(key);
    }
    expect(alarms.size).toBeLessThanOrEqual(2 * entries.size);
    expect([...alarms.takeDue(1_000_000)]).toEqual([...entries.values()]);
  });
});
