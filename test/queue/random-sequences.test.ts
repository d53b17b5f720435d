import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createMemoryStore, openSqliteStore } from '../../src/open-records.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Outcome, PublishRequest, QueueCommand } from '../../src/kinds/queues/queue-commands.ts';
import { windowSize } from '../../src/kinds/queues/window-size.ts';
import { owner } from '../persistence/conformance/fixtures.ts';
import type { Answered } from './oracle-queue.ts';
import { limits, OracleQueue } from './oracle-queue.ts';
import { QueueTicks } from './queue-ticks.ts';

const { messages: usual } = windowSize;
afterEach(() => {
  windowSize.messages = usual;
});

const failure = { code: 'x', message: 'x', retryable: true };
const priority = fc.integer({ min: -1, max: 1 });
const partition = fc.constantFrom(null, null, 'p', 'q');
const instance = fc.constantFrom(null, null, null, 'a');
const move = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('publish' as const), priority, partition, instance, delay: fc.constantFrom(0, 0, 0, 5, 40), count: fc.constantFrom(1, 1, 3, 9) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('claim' as const), instance, max: fc.constantFrom(1, 1, 2, 5) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), how: fc.constantFrom('ack', 'ack', 'bury', 'release', 'fail', 'snooze', 'late'), which: fc.nat(20), ms: fc.constantFrom(0, 3, 20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('die' as const, 'redrive' as const, 'purge' as const, 'restart' as const) }) },
);
/** Moves that meet in one tick, and the time before it. */
const sequences = fc.array(fc.record({ passes: fc.constantFrom(0, 1, 1, 7, 30), moves: fc.array(move, { minLength: 1, maxLength: 4 }) }), { minLength: 5, maxLength: 30 });
type Moves = (typeof sequences extends fc.Arbitrary<infer Value> ? Value : never)[number]['moves'];

const toRequest = (messageId: string, parts: Partial<PublishRequest>): PublishRequest => ({
  messageId, queue: 'q', payload: `"${messageId}"`, version: 1, priority: 0, delayMs: 0, idempotencyKey: null, dedupeWindowMs: 0, correlationId: null, partitionKey: null,
  to: null, ...limits, source: null, at: null, relayed: false, ...parts,
});

const toOutcome = (answered: Answered): Outcome => {
  if (answered.type === 'fail') return { type: 'fail', failure, retryAfterMs: answered.ms };
  if (answered.type === 'snooze') return { type: 'snooze', ms: answered.ms };
  return answered.type === 'bury' ? { type: 'bury', failure } : { type: answered.type };
};

/** Both queues, told the same. */
class Pair {
  readonly clock = new SimulatedClock();
  readonly store: Records;
  readonly oracle: OracleQueue;
  readonly #queue;
  #real: QueueTicks;
  /** Of what was handed out: after a restart without messages they begin anew. */
  readonly #keys = new Map<string, number>();
  #lastId = 0;

  constructor(store: Records, ageing: number | null) {
    this.store = store;
    this.oracle = new OracleQueue(ageing);
    this.#queue = defineQueue({ name: 'q', ageing, ...limits });
    this.#real = new QueueTicks(store, this.clock, this.#queue);
  }

  async begin(): Promise<void> {
    await this.store.acquire(owner);
    await this.#real.begin();
  }

  async run(moves: Moves): Promise<void> {
    const commands: QueueCommand[] = [];
    const expected: unknown[] = [];
    this.oracle.ring(this.clock.now());
    for (const step of moves) {
      if (step.do === 'restart' || step.do === 'purge' || step.do === 'redrive') {
        await this.#tick(commands.splice(0), expected.splice(0));
        if (step.do === 'restart') await this.#restart();
        else await this.#upkeep(step.do);
      } else this.#plan(step, commands, expected);
    }
    await this.#tick(commands, expected);
  }

  #plan(step: Moves[number], commands: QueueCommand[], expected: unknown[]): void {
    const now = this.clock.now();
    const { oracle } = this;
    if (step.do === 'publish') {
      const { priority: level, partition: partitionKey, instance: target, delay, count } = step;
      const ids = Array.from({ length: count }, () => `m${++this.#lastId}`);
      for (const id of ids) oracle.publish(id, { instance: target, priority: level, partitionKey }, delay, now);
      commands.push({ type: 'publish', requests: ids.map(id => toRequest(id, { priority: level, partitionKey, delayMs: delay, to: target === null ? null : { instance: target } })) });
      expected.push(ids.map(messageId => ({ messageId, duplicate: false, copies: 1 })));
    } else if (step.do === 'claim') {
      const request = { id: ++this.#lastId, instance: step.instance, max: step.max };
      oracle.request(request);
      commands.push({ type: 'claim', request: { ...request, link: this.#real.link, queue: 'q', leaseMs: 1e12 } });
      expected.push(undefined);
    } else if (step.do === 'answer') {
      const claimed = oracle.list(step.how === 'late' ? 'completed' : 'claimed');
      const message = claimed[step.which % Math.max(1, claimed.length)];
      if (!message) return;
      const answered: Answered = step.how === 'fail' || step.how === 'snooze' ? { type: step.how, ms: step.ms } : { type: step.how === 'late' ? 'release' : (step.how as 'ack') };
      const receipt = { key: this.#keys.get(message.id) ?? 0, messageId: message.id, claim: message.claim };
      expected.push(oracle.answer(message.id, message.claim, answered, now));
      commands.push({ type: 'answer', by: this.#real.link.name, receipt, outcome: toOutcome(answered) });
    } else {
      oracle.lose(now);
      commands.push({ type: 'reclaim', names: [this.#real.link.name] });
      expected.push(undefined);
    }
  }

  async #tick(commands: readonly QueueCommand[], expected: readonly unknown[]): Promise<void> {
    if (commands.length > 0) expect(this.#real.tick(commands)).toEqual(expected);
    await this.#expectGiven(this.oracle.assign());
    const state = this.#real.participant.states.stateOf('q');
    expect([state.unsettled, state.dead]).toEqual([this.oracle.list('waiting').length + this.oracle.list('claimed').length, this.oracle.list('dead').length]);
  }

  /** What follows comes in ticks of its own: windows that had to be read, and what was due at once. */
  async #expectGiven(given: readonly (readonly string[])[]): Promise<void> {
    await Promise.resolve();
    this.#real.settle();
    const grants = this.#real.takeGiven();
    for (const { messages } of grants) for (const { messageId, key } of messages) this.#keys.set(messageId, key);
    expect(grants.map(({ id, messages }) => [String(id), ...messages.map(({ messageId }) => messageId)])).toEqual(given);
  }

  async #upkeep(what: 'redrive' | 'purge'): Promise<void> {
    await this.pass(1);
    if (what === 'redrive') {
      const count = this.oracle.redrive(this.clock.now());
      await this.#tick([{ type: 'redrive', queue: 'q', limit: 1_000 }], [count]);
    } else {
      const count = this.store.pruneMessages({ queue: 'q', status: 'dead', settledBefore: Number.MAX_SAFE_INTEGER });
      expect(count).toBe(this.oracle.purge());
      this.#real.participant.states.stateOf('q').dead -= count as number;
    }
  }

  /** Workers that waited have to ask anew; what was claimed stays so. */
  async #restart(): Promise<void> {
    this.oracle.forgetRequests();
    this.#real = new QueueTicks(this.store, this.clock, this.#queue);
    await this.#real.begin();
    await this.#tick([], []);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.oracle.ring(this.clock.now());
    await this.#expectGiven(this.oracle.assign());
  }
}

const stores = { memory: () => createMemoryStore(), sqlite: () => openSqliteStore({ file: ':memory:' }) } as const;

describe('a queue of which only a window is in memory', () => {
  for (const [name, window, numRuns] of [['memory', 1, 150], ['memory', 4, 150], ['sqlite', 1, 60], ['sqlite', 4, 60], ['memory', 1_000, 60]] as const) {
    it(`gives what the whole backlog of 0.3.0 gave, in its order: ${name}, a window of ${window}`, async () => {
      windowSize.messages = window;
      await fc.assert(
        fc.asyncProperty(sequences, fc.constantFrom(null, 10, 1_000), async (list, ageing) => {
          const pair = new Pair(stores[name]() as Records, ageing);
          await pair.begin();
          for (const { passes, moves } of list) {
            if (passes > 0) await pair.pass(passes);
            await pair.run(moves);
          }
          await pair.store.close();
        }),
        { numRuns },
      );
    });
  }

  it('lets a message whose delay is over in front of one of its partition that was published after that, and before it was seen', async () => {
    const store = createMemoryStore() as Records;
    const clock = new SimulatedClock();
    await store.acquire(owner);
    const ticks = new QueueTicks(store, clock, defineQueue({ name: 'q' }));
    await ticks.begin();
    ticks.tick([{ type: 'publish', requests: [toRequest('delayed', { partitionKey: 'p', delayMs: 5 })] }]);
    clock.advance(7);
    const claim = { type: 'claim', request: { id: 1, instance: null, max: 9, link: ticks.link, queue: 'q', leaseMs: 1e12 } } as const;
    const takeIds = (): string[][] => ticks.takeGiven().map(({ messages }) => messages.map(({ messageId }) => messageId));
    ticks.tick([{ type: 'publish', requests: [toRequest('later', { partitionKey: 'p' })] }, { type: 'due' }, claim]);
    expect(takeIds()).toEqual([['delayed']]);
    // It backs off: the other one stands behind it.
    const receipt = { key: 1, messageId: 'delayed', claim: 1 };
    ticks.tick([{ type: 'answer', by: ticks.link.name, receipt, outcome: { type: 'fail', failure, retryAfterMs: 10 } }, claim]);
    ticks.settle();
    expect(takeIds()).toEqual([]);
  });
});
