import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { createRuntimeOn } from '../../src/runtime/create-runtime.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import { readDepth, readParentStep, toChildId, toFormerChildId, toParentStep, toRootId } from '../../src/kinds/flows/child-id.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { openRuntime, settleTicks } from './open-runtime.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const toFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-deep-'));
  folders.push(folder);
  return join(folder, 'test.db');
};

const page = 'fetch_the_next_page_of_results';
/** Starts itself until nothing is left, then does what it is given. */
const pages = (last: { readonly uses: string; readonly with?: { readonly name: string } }) => ({
  id: 'pages',
  steps: [
    { id: page, uses: 'flow:pages', when: 'input.left > 0', with: { left: '{% input.left - 1 %}' } },
    { id: 'last', when: 'input.left = 0', ...last },
  ],
});
const other = { id: 'other', steps: [{ id: 's', uses: 'tool:work' }] };
const work = { work: () => 1 };
/** Expressions are evaluated beside the loop, and take the time they take. */
const patience = { timeout: 30_000, interval: 20 };

describe('flows that start one another', () => {
  it('pass at any depth, each can be asked for, and a restart goes on as well', { timeout: 60_000 }, async () => {
    const file = toFile();
    const begun = await openRuntime([pages({ uses: 'signal', with: { name: 'go' } }), other], work, { store: openSqliteStore({ file }) });
    const root = await begun.runtime.start('pages', { input: { left: 40 } });
    const all = await vi.waitFor(async () => {
      const listed = await begun.runtime.list({ limit: 100 });
      expect(listed).toHaveLength(41);
      expect((await (await begun.runtime.get(listed[0]?.executionId ?? '')).get()).steps[1]?.status).toBe('waiting');
      return listed;
    }, patience);
    for (const { executionId } of all) {
      expect(executionId.length).toBeLessThanOrEqual(200);
      expect((await (await begun.runtime.get(executionId)).get()).status).toBe('stepping');
    }
    await begun.runtime.stop();
    const { runtime } = await openRuntime([pages({ uses: 'signal', with: { name: 'go' } }), other], work, { store: openSqliteStore({ file }) });
    // The newest first: the lowest is the one that was started last.
    await runtime.signal(all[0]?.executionId ?? '', 'go');
    expect((await runtime.settled(root.executionId)).passed).toBe(true);
    expect((await (await runtime.start('other')).settled()).passed).toBe(true);
    expect(runtime.health().status).toBe('running');
    await runtime.stop();
  });

  it('are all cancelled with the first, at any depth and in every branch', { timeout: 60_000 }, async () => {
    const tree = {
      id: 'tree',
      concurrency: 8,
      steps: [
        { id: 'the_branches_below_this_one', uses: 'flow:tree', for_each: '[1..2]', when: 'input.left > 0', with: { left: '{% input.left - 1 %}' } },
        { id: 'wait', uses: 'signal', with: { name: 'go' }, when: 'input.left = 0' },
        { id: 'sleep', uses: 'sleep', with: { for: '40d' }, when: 'input.left = 0' },
      ],
    };
    for (const [flow, left, count] of [[pages({ uses: 'signal', with: { name: 'go' } }), 40, 41], [tree, 4, 31]] as const) {
      const { runtime } = await openRuntime([flow, other], work);
      const root = await runtime.start(flow.id, { input: { left } });
      await vi.waitFor(async () => expect(await runtime.list({ limit: 100 })).toHaveLength(count), patience);
      expect(await root.cancel('enough')).toBe(true);
      await vi.waitFor(async () => expect((await runtime.list({ limit: 100 })).filter(({ status }) => status !== 'failed')).toEqual([]), patience);
      expect(runtime.health()).toMatchObject({ status: 'running', activeFlows: 0 });
      await runtime.stop();
    }
  });

  it('without an end come to one with a code, and nobody else is touched', async () => {
    const { runtime } = await openRuntime([{ id: 'endless', steps: [{ id: 'again', uses: 'flow:endless' }] }, other], work, { maxFlowDepth: 20 });
    const root = await (await runtime.start('endless')).settled();
    expect(root).toMatchObject({ status: 'scored', passed: false });
    const all = await runtime.list({ limit: 100 });
    expect(all).toHaveLength(21);
    expect((await (await runtime.get(all[0]?.executionId ?? '')).get()).steps[0]?.reason).toMatchObject({ code: 'flow_too_deep', details: { maxFlowDepth: 20 } });
    expect((await (await runtime.start('other')).settled()).passed).toBe(true);
    await runtime.stop();
  });

  it('that double without an end come to one as well', async () => {
    const twice = { id: 'twice', concurrency: 2, steps: [{ id: 'one', uses: 'flow:twice' }, { id: 'two', uses: 'flow:twice' }] };
    const { runtime } = await openRuntime([twice, other], work, { maxChildFlows: 100 });
    const root = await runtime.start('twice');
    expect(await root.settled()).toMatchObject({ passed: false });
    const codes = new Set<string>();
    for (const { executionId } of await runtime.list({ limit: 10_000 })) for (const { reason } of (await (await runtime.get(executionId)).get()).steps) codes.add(reason?.code ?? '');
    expect(codes).toContain('child_flows_too_many');
    expect((await (await runtime.start('other')).settled()).passed).toBe(true);
    await runtime.stop();
  });

  it('are found under the ids that an earlier version gave them, and not started twice', async () => {
    const file = toFile();
    const step = 'a_step_with_a_name_that_is_as_long_as_names_may_be_so_that_the_ids_of_flows_below_it_grow_by_a_lot';
    const flows = [
      { id: 'top', steps: [{ id: step, uses: 'flow:middle' }] },
      { id: 'middle', steps: [{ id: step, uses: 'flow:bottom' }] },
      { id: 'bottom', steps: [{ id: 'wait', uses: 'signal', with: { name: 'go' } }] },
    ];
    const begun = await openRuntime(flows, work, { store: openSqliteStore({ file }) });
    const root = await begun.runtime.start('top');
    await settleTicks(200);
    await begun.runtime.stop();
    const middle = toChildId({ executionId: root.executionId, generation: 1 }, step, -1);
    const now = toChildId({ executionId: middle, generation: 1 }, step, -1);
    const former = toFormerChildId({ executionId: middle, generation: 1 }, step, -1) ?? '';
    expect(former).toBe(`${root.executionId}.${step}.${step}`);
    const database = new Database(file);
    expect(database.prepare('UPDATE executions SET execution_id = ? WHERE execution_id = ?').run(former, now).changes).toBe(1);
    database.close();
    const { runtime } = await openRuntime(flows, work, { store: openSqliteStore({ file }) });
    await settleTicks(200);
    await runtime.signal(former, 'go');
    expect((await runtime.settled(root.executionId)).passed).toBe(true);
    expect(await runtime.list()).toHaveLength(3);
    await runtime.stop();
  });

  it('have ids of at most 200 characters that tell every place from every other, below the same root', () => {
    const place = fc.record({ step: fc.stringMatching(/^[a-z_][a-z0-9_-]{0,60}$/), item: fc.integer({ min: -1, max: 3 }), generation: fc.integer({ min: 1, max: 3 }) });
    const toId = (places: readonly { readonly step: string; readonly item: number; readonly generation: number }[]): string =>
      places.reduce((executionId, { step, item, generation }) => toChildId({ executionId, generation }, step, item), 'root');
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), fc.array(place, { maxLength: 12 }), (one, two) => {
        const ids = [toId(one), toId(two)] as const;
        expect(Math.max(...ids.map(id => id.length))).toBeLessThanOrEqual(200);
        expect(ids.map(toRootId)).toEqual(['root', 'root']);
        expect(ids[0] === ids[1]).toBe(JSON.stringify(one) === JSON.stringify(two));
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: -1 }), fc.integer({ min: 1 }), fc.integer({ min: 1 }), (position, item, generation, depth) => {
        const text = toParentStep({ position, item, generation, depth });
        expect(readParentStep(text)).toEqual({ position, item, generation, depth });
        expect(readDepth(text)).toBe(depth);
      }),
    );
  });
});

it('a child whose outputs are too large together fails the step that waits for it', async () => {
  const flows = [{ id: 'parent', steps: [{ id: 'child', uses: 'flow:large' }] }, { id: 'large', steps: ['a', 'b', 'c'].map(id => ({ id, uses: 'tool:text' })) }, other];
  const { runtime } = await openRuntime(flows, { ...work, text: () => 'x'.repeat(800) }, { maxOutputBytes: 1_000 });
  const settled = await (await runtime.start('parent')).settled();
  expect(settled.steps[0]).toMatchObject({ status: 'failed', reason: { code: 'value_too_large' } });
  expect((await (await runtime.start('other')).settled()).passed).toBe(true);
  await runtime.stop();
});

it('flows below one in which a machine threw are cancelled', async () => {
  const { step } = compiledMachines;
  const broken = { ...compiledMachines, step: { ...step, transition: (...given: Parameters<typeof step.transition>) => {
    if (given[1].type === 'signal.received') throw new TypeError('the guard is broken');
    return step.transition(...given);
  } } };
  const flows = [{ id: 'parent', steps: [{ id: 'child', uses: 'flow:waits' }, { id: 'wait', uses: 'signal', with: { name: 'go' } }] }, { id: 'waits', steps: [{ id: 'wait', uses: 'signal', with: { name: 'never' } }] }];
  const runtime = await createRuntimeOn(broken, { store: createMemoryStore(), flows: flows.map(flow => defineFlow(flow)) });
  const root = await runtime.start('parent');
  await settleTicks(100);
  await root.signal('go');
  await settleTicks(100);
  expect((await runtime.list()).map(({ flowId, status, failure }) => [flowId, status, failure?.code])).toEqual([['waits', 'failed', 'cancelled'], ['parent', 'failed', 'machine_failed']]);
  await runtime.stop();
});

it('an effect that throws fails its flow with a code, and nobody else', async () => {
  let throws = false;
  const random = { next: () => { if (throws) throw new Error('no luck'); return 0.5; } };
  const flow = { id: 'f', steps: [{ id: 's', uses: 'tool:fail', retry: { maxAttempts: 3 } }] };
  const { runtime } = await openRuntime([flow, other], { ...work, fail: () => { throw new Error('down'); } }, { random });
  throws = true;
  expect(await (await runtime.start('f')).settled()).toMatchObject({ status: 'failed', failure: { code: 'effect_failed', message: expect.stringContaining('no luck') as string } });
  throws = false;
  expect((await (await runtime.start('other')).settled()).passed).toBe(true);
  await runtime.stop();
});

it('a child whose definition is missing is blocked by itself', async () => {
  const file = toFile();
  const flows = [{ id: 'parent', steps: [{ id: 'child', uses: 'flow:waits' }] }, { id: 'waits', steps: [{ id: 'wait', uses: 'signal', with: { name: 'go' } }, { id: 'then', uses: 'sleep', with: { for: '10ms' } }] }, other];
  const begun = await openRuntime(flows, work, { store: openSqliteStore({ file }) });
  const { executionId } = await begun.runtime.start('parent');
  await settleTicks(100);
  await begun.runtime.stop();
  const database = new Database(file);
  expect(database.prepare("DELETE FROM definitions WHERE flow_id = 'waits'").run().changes).toBe(1);
  database.close();
  const { runtime } = await openRuntime([flows[0] as (typeof flows)[0], { id: 'waits', steps: [{ id: 'changed', uses: 'tool:work' }] }, other], work, { store: openSqliteStore({ file }) });
  await settleTicks(100);
  expect(runtime.health().status).toBe('running');
  expect((await runtime.list()).find(one => one.flowId === 'waits')?.blockedBy).toMatchObject({ code: 'definition_missing' });
  expect((await (await runtime.start('other')).settled()).passed).toBe(true);
  expect(await runtime.cancel(executionId)).toBe(true);
  await runtime.stop();
});
