import { describe, expect, it } from 'vitest';
import type { CheckpointRule } from '../../persistence/store.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import type { MemoryRecords } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Random } from '../../src/core/ids.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { SettledExecution } from '../../src/kinds/flows/execution-api.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';
import type { FailingStore } from './failing-store.ts';
import { createFailingStore } from './failing-store.ts';
import { createRandomFlow, createRandomHandlers } from './random-flow.ts';

const maxInterruptions = 1_000;

interface World {
  readonly store: MemoryRecords;
  readonly failing: FailingStore;
  readonly clock: SimulatedClock;
  readonly runtime: Runtime;
  readonly held: (() => void)[];
  /** A process that is dead is no longer seen by anybody. */
  readonly die: () => void;
}

interface Observer {
  readonly begun: { readonly key: string }[];
  readonly complete: Map<string, number>;
}

async function open(flows: readonly FlowSource[], store: MemoryRecords, clock: SimulatedClock, observer: Observer, { slots: maxActiveFlows, asynchronous }: { readonly slots: number; readonly asynchronous: boolean }): Promise<World> {
  let alive = true;
  const failing = createFailingStore(store, { asynchronous });
  const { handlers, held } = createRandomHandlers(({ idempotencyKey }) => void (alive && observer.begun.push({ key: idempotencyKey })));
  const { runtime } = await openRuntime(flows, handlers, { store: failing.store, clock, maxInterruptions, maxActiveFlows, maxRunningSteps: 4 });
  return { store, failing, clock, runtime, held, die: () => void (alive = false) };
}

/** What is complete now must not run later. */
function noteComplete(store: MemoryRecords, { begun, complete }: Observer): void {
  for (const { key, executionId } of store.listExecutions({ limit: 1_000 })) {
    for (const { status, item, stepId } of store.listSteps(key)) {
      const name = `${executionId}/${item < 0 ? stepId : `${stepId}[${item}]`}#1`;
      if (status === 'completed' && !complete.has(name)) complete.set(name, begun.length);
    }
  }
}

/** What must be the same however it came about: everything but ids and times. */
const toOutcome = ({ executionId, status, passed, score, steps }: SettledExecution): unknown => {
  const results = steps.map(({ stepId, status: stepStatus, attempts, reason, output }) => [stepId, stepStatus, attempts, reason?.code, output]);
  return JSON.parse(JSON.stringify({ status, passed, score, results }).replaceAll(executionId, 'id').replaceAll(/signal (.) \d+/g, '$1'));
};

/** Lets the world go on a little: time, answers, or just the loop. */
async function goOn({ clock, held }: World, random: Random): Promise<void> {
  const dice = random.next();
  if (dice < 0.4 && held.length > 0) held.splice(Math.floor(random.next() * held.length), 1)[0]?.();
  else if (dice < 0.6) clock.advance([10, 500, 3_600_000][Math.floor(random.next() * 3)] as number);
  await settleTicks(Math.floor(random.next() * 4));
}

/** A disk that is full for a while: whatever is to be stored then is not, and the runtime is restarted. */
async function failOnce(world: World, random: Random): Promise<void> {
  world.failing.fail(new Error('injected'));
  for (let time = 0; time < 5 && world.runtime.health().status === 'running'; time++) await goOn(world, random);
  world.failing.fail(undefined);
  await settleTicks();
  if (world.runtime.health().status === 'faulted') await world.runtime.restart();
}

async function runCase(seed: number, violence: number, checkpoints: CheckpointRule, wild = false): Promise<{ readonly outcome: unknown; readonly crashes: number }> {
  const shape = createSeededRandom(seed);
  const flows = createRandomFlow(shape, 3 + Math.floor(shape.next() * 10), wild);
  const random = createSeededRandom(seed * 31 + 7);
  const observer: Observer = { begun: [], complete: new Map() };
  const options = { slots: shape.next() < 0.5 ? 1 : 64, asynchronous: shape.next() < 0.5 };
  let world = await open(flows, createMemoryStore(undefined, checkpoints), new SimulatedClock(), observer, options);
  const { executionId } = await world.runtime.start('random', { input: { value: 7, list: ['a', 'b', 'c'] } });
  // Enough signals for all of its steps; they may come before anybody waits.
  let sent = 0;
  for (let time = 0; time < 14; time++) for (const name of ['x', 'y']) await world.runtime.signal(executionId, name, `signal ${name} ${time}`).then(() => sent++, () => {});
  let crashes = 0;
  for (let time = 0; ; time++) {
    if (time > 3_000) throw new Error(`Seed ${seed}: stuck: ${JSON.stringify(await (await world.runtime.get(executionId)).get(), null, 1)}`);
    await goOn(world, random);
    if (world.runtime.health().status !== 'running') throw new Error(`Seed ${seed}: the runtime stands still`, { cause: world.runtime.health().error });
    const record = world.store.getExecution(executionId);
    if (record?.settledAt != null && world.runtime.health().activeFlows === 0) break;
    if (random.next() >= violence) continue;
    crashes++;
    const way = random.next();
    if (wild && way < 0.02) {
      await world.runtime.cancel(executionId);
    } else if (way < 0.3) {
      await failOnce(world, random);
    } else if (way < 0.5) {
      await world.runtime.stop({ timeoutMs: 0 });
      world = await open(flows, world.store.reopen(), world.clock, observer, options);
    } else {
      world.die();
      world = await open(flows, world.store.copy(), world.clock, observer, options);
    }
    noteComplete(world.store, observer);
    await expectSound(world.store, maxInterruptions);
  }
  const settled = await world.runtime.settled(executionId);
  const outcome = toOutcome(settled);
  const taken = settled.steps.flatMap(({ output }) => (typeof output === 'string' && output.startsWith('signal ') ? [output] : []));
  if (!wild) expect(taken.length + world.store.listSignals(world.store.getExecution(executionId)?.key ?? 0).length).toBe(sent);
  if (new Set(taken).size < taken.length) throw new Error(`Seed ${seed}: a signal was taken twice: ${taken.join(', ')}`);
  await expectSound(world.store, maxInterruptions);
  for (const [index, { key }] of observer.begun.entries()) {
    const since = observer.complete.get(key);
    if (since !== undefined && index >= since) throw new Error(`Seed ${seed}: ${key} ran again after it was complete`);
  }
  await world.runtime.stop({ timeoutMs: 0 });
  return { outcome, crashes };
}

describe('a flow of any shape', () => {
  const seeds = Array.from({ length: Number(process.env['FLOWSTONE_SEEDS'] ?? 24) }, (_, index) => index + Number(process.env['FLOWSTONE_FIRST_SEED'] ?? 1));

  it.each(seeds)('comes to the same end however often it is stopped or crashes (seed %i)', async seed => {
    const { outcome } = await runCase(seed, 0, 'due');
    for (const [violence, checkpoints] of [[0.05, 'always'], [0.3, seed % 2 === 0 ? 'always' : 'never']] as const) {
      const violent = await runCase(seed, violence, checkpoints);
      expect(violent.outcome).toEqual(outcome);
    }
  });

  it.each(seeds)('stays sound with timeouts, cancels and strict modes, too (seed %i)', async seed => {
    for (const [violence, checkpoints] of [[0, 'due'], [0.05, 'always'], [0.3, 'never']] as const) expect((await runCase(seed, violence, checkpoints, true)).outcome).toMatchObject({ status: expect.stringMatching(/^(scored|failed)$/) });
  });
});
