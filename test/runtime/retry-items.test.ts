import { describe, expect, it } from 'vitest';
import type { MemoryRecords } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ExecutionDetails } from '../../src/kinds/flows/execution-api.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { recordCommits } from '../must-hold/crash-kit.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { openRuntime, type Opened } from './open-runtime.ts';

interface Retried extends Opened {
  readonly executionId: string;
  /** Idempotency keys, below the execution's id, of everything that ran since it was emptied. */
  readonly runs: string[];
  /** What `list` gives, and what fails. */
  readonly world: { list: unknown[]; broken: ReadonlySet<unknown> };
}

const step = (id: string, parts: object = {}): FlowSource['steps'][number] => ({ id, uses: `tool:${id}`, ...parts });
const each = (parts: object = {}): FlowSource['steps'][number] => step('each', { depends_on: ['list'], for_each: '{% steps.list.output %}', with: '{% {"value": item} %}', ...parts });
const sum = step('sum', { depends_on: ['each'], with: '{% steps.each.output %}' });

async function openFlow(steps: FlowSource['steps'], parts: Partial<FlowSource>, { runs, world }: Pick<Retried, 'runs' | 'world'>, store?: Records): Promise<Opened> {
  const note = ({ idempotencyKey }: ToolCall): void => void runs.push(idempotencyKey.slice(idempotencyKey.indexOf('/') + 1));
  return openRuntime({ id: 'f', mode: 'lenient', ...parts, steps }, {
    list: call => (note(call), world.list),
    each: async call => {
      note(call);
      const { value } = call.input as { readonly value: unknown };
      await call.artifact(`${String(value)}.txt`, `${String(value)} in life ${call.idempotencyKey.split('#')[1] ?? ''}`);
      if (world.broken.has(value)) throw new Error(`${String(value)} is broken`);
      return `${String(value)}!`;
    },
    sum: call => (note(call), call.input),
  }, store && { store });
}

async function runOnce(steps: FlowSource['steps'], parts: Partial<FlowSource> = {}, store?: Records): Promise<Retried> {
  const runs: string[] = [];
  const world = { list: ['a', 'b', 'c', 'd'] as unknown[], broken: new Set<unknown>(['b', 'd']) };
  const opened = await openFlow(steps, parts, { runs, world }, store);
  const { executionId } = await opened.runtime.start('f');
  await opened.runtime.settled(executionId);
  runs.length = 0;
  return { ...opened, executionId, runs, world };
}

async function retry({ runtime, executionId }: Retried, options = {}): Promise<ExecutionDetails> {
  await runtime.retry(executionId, options);
  await runtime.settled(executionId);
  return (await runtime.get(executionId)).get({ items: true });
}

const items = ({ steps }: ExecutionDetails): unknown[] => steps.filter(({ item }) => item !== undefined).map(({ output, keptFrom }) => [output, keptFrom]);
const outputOf = ({ steps }: ExecutionDetails, id: string): unknown => steps.find(({ stepId, item }) => stepId === id && item === undefined)?.output;

describe('a for_each step whose items partly failed, retried', () => {
  it('keeps the items that completed and runs the others', async () => {
    const ran = await runOnce([step('list'), each(), sum]);
    ran.world.broken = new Set();
    const now = await retry(ran);
    expect(ran.runs).toEqual(['each[1]#2', 'each[3]#2', 'sum#2']);
    expect(items(now)).toEqual([['a!', 1], ['b!', undefined], ['c!', 1], ['d!', undefined]]);
    expect([outputOf(now, 'each'), outputOf(now, 'sum')]).toEqual([['a!', 'b!', 'c!', 'd!'], ['a!', 'b!', 'c!', 'd!']]);
    expect(now).toMatchObject({ generation: 2, passed: true });
    await expectSound(ran.store);
    await ran.runtime.stop();
  });

  it('goes on from what every life completed', async () => {
    const ran = await runOnce([step('list'), each(), sum]);
    ran.world.broken = new Set(['d']);
    await retry(ran);
    ran.world.broken = new Set();
    ran.runs.length = 0;
    const third = await retry(ran);
    expect(ran.runs).toEqual(['each[3]#3', 'sum#3']);
    expect(items(third)).toEqual([['a!', 1], ['b!', 2], ['c!', 1], ['d!', undefined]]);
    expect(outputOf(third, 'sum')).toEqual(['a!', 'b!', 'c!', 'd!']);
    ran.runs.length = 0;
    const fourth = await retry(ran, { step: 'sum' });
    expect([ran.runs, items(fourth)]).toEqual([['sum#4'], [['a!', 1], ['b!', 2], ['c!', 1], ['d!', 3]]]);
    expect(outputOf(fourth, 'sum')).toEqual(['a!', 'b!', 'c!', 'd!']);
    await expectSound(ran.store);
    await ran.runtime.stop();
  });

  it('consolidates the calls of the items that were kept with those that ran', async () => {
    const ran = await runOnce([each({ depends_on: [], for_each: ['a', 'b', 'c', 'd'] })]);
    ran.world.broken = new Set();
    await retry(ran);
    const session = await ran.runtime.consolidated(ran.executionId);
    expect(session?.steps[0]).toMatchObject({ output: ['a!', 'b!', 'c!', 'd!'] });
    expect(session?.steps[0]?.toolCalls.map(({ item, status }) => [item, status])).toEqual([0, 1, 2, 3].map(item => [item, 'completed']));
    await ran.runtime.stop();
  });

  it('shows steps downstream what the kept items made, too', async () => {
    const ran = await runOnce([step('list'), each(), step('sum', { depends_on: ['each'], with: '{% steps.each.artifacts %}' })]);
    ran.world.broken = new Set();
    expect(outputOf(await retry(ran), 'sum')).toEqual({ 'a.txt': 'a in life 1', 'b.txt': 'b in life 2', 'c.txt': 'c in life 1', 'd.txt': 'd in life 2' });
    await ran.runtime.stop();
  });

  it('keeps to the order, and to its own limit, in a strict flow that was halted', async () => {
    const ran = await runOnce([step('list'), each({ concurrency: 1 }), sum], { mode: 'strict' });
    ran.world.broken = new Set();
    const now = await retry(ran);
    expect(ran.runs).toEqual(['each[1]#2', 'each[2]#2', 'each[3]#2', 'sum#2']);
    expect(items(now)).toEqual([['a!', 1], ['b!', undefined], ['c!', undefined], ['d!', undefined]]);
    await expectSound(ran.store);
    await ran.runtime.stop();
  });

  it('runs the whole list when it is another one', async () => {
    const ran = await runOnce([step('list'), each({ depends_on: ['list'], for_each: '{% $append(steps.list.output, [$string($millis())]) %}' }), sum]);
    ran.world.broken = new Set();
    ran.clock.advance(5);
    await retry(ran);
    expect(ran.runs).toEqual(['each[0]#2', 'each[1]#2', 'each[2]#2', 'each[3]#2', 'each[4]#2', 'sum#2']);
    await ran.runtime.stop();
  });

  it('runs the whole list when something upstream ran again, or nothing had failed', async () => {
    const ran = await runOnce([step('list'), each(), sum]);
    ran.world.broken = new Set();
    await retry(ran, { step: 'list' });
    expect(ran.runs).toEqual(['list#2', 'each[0]#2', 'each[1]#2', 'each[2]#2', 'each[3]#2', 'sum#2']);
    ran.runs.length = 0;
    await retry(ran, { step: 'each' });
    expect(ran.runs).toEqual(['each[0]#3', 'each[1]#3', 'each[2]#3', 'each[3]#3', 'sum#3']);
    await ran.runtime.stop();
  });

  it.each([
    ['the whole list when the step has changed', 'each', { with: '{% {"value": item, "more": 1} %}' }, ['each[0]#2', 'each[1]#2', 'each[2]#2', 'each[3]#2', 'sum#2']],
    ['what failed when only its retries have changed', 'each', { retry: { maxAttempts: 2 } }, ['each[1]#2', 'each[3]#2', 'sum#2']],
    ['what failed when another step has changed', 'sum', { with: '{% [steps.each.output] %}' }, ['each[1]#2', 'each[3]#2', 'sum#2']],
  ])('runs %s', async (_what, changed, parts, expected) => {
    const first = await runOnce([step('list'), each(), sum]);
    const store = (first.store as MemoryRecords).copy();
    await first.runtime.stop();
    first.world.broken = new Set();
    const second = await openFlow([step('list'), each(), sum].map(one => (one.id === changed ? { ...one, ...parts } : one)), {}, first, store);
    await second.runtime.retry(first.executionId, { onNewDefinition: true, step: 'each' });
    expect(await second.runtime.settled(first.executionId)).toMatchObject({ passed: true });
    expect(first.runs).toEqual(expected);
    await expectSound(second.store);
    await second.runtime.stop();
  });

  it('keeps the same ones after a crash at any commit of the retry', async () => {
    const first = await runOnce([step('list'), each(), sum]);
    const before = (first.store as MemoryRecords).copy();
    await first.runtime.stop();
    first.world.broken = new Set();
    const { store, copies } = recordCommits(before);
    const second = await openFlow([step('list'), each(), sum], {}, first, store);
    await second.runtime.retry(first.executionId);
    await second.runtime.settled(first.executionId);
    await second.runtime.stop();
    expect(copies.length).toBeGreaterThan(5);
    for (const copy of copies) {
      first.runs.length = 0;
      const { runtime, store: after } = await openFlow([step('list'), each(), sum], {}, first, copy.store);
      await runtime.settled(first.executionId);
      const now = await (await runtime.get(first.executionId)).get({ items: true });
      expect(items(now)).toEqual([['a!', 1], ['b!', undefined], ['c!', 1], ['d!', undefined]]);
      expect(outputOf(now, 'sum')).toEqual(['a!', 'b!', 'c!', 'd!']);
      for (const key of first.runs) expect(['each[1]#2', 'each[3]#2', 'sum#2']).toContain(key);
      await expectSound(after);
      await runtime.stop();
    }
  });

  it.each(['better-sqlite3', 'node:sqlite'] as const)('is the same in a database, with %s', async driver => {
    const ran = await runOnce([step('list'), each(), sum], {}, openSqliteStore({ file: ':memory:', driver }));
    ran.world.broken = new Set(['d']);
    await retry(ran);
    ran.world.broken = new Set();
    const third = await retry(ran);
    expect(items(third)).toEqual([['a!', 1], ['b!', 2], ['c!', 1], ['d!', undefined]]);
    expect(outputOf(third, 'sum')).toEqual(['a!', 'b!', 'c!', 'd!']);
    await expectSound(ran.store);
    await ran.runtime.stop();
  });
});
