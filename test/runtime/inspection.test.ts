import { describe, expect, it } from 'vitest';
import type { AnyMachineSnapshot, InspectionEvent } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { createRuntimeOn } from '../../src/runtime/create-runtime.ts';
import type { InspectedActor } from '../../src/kinds/flows/inspected-actor.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import { openRuntime, settleTicks, toTools, until } from './open-runtime.ts';

const chain = { id: 'chain', steps: [{ id: 'a', uses: 'tool:ok' }, { id: 'b', uses: 'tool:ok', depends_on: ['a'] }] };
const ok = (): string => 'done';

/** One line per inspection event: `event step:a < flow step.start`, `snapshot step:a running`. */
function toLine(inspection: InspectionEvent): string {
  const { id } = inspection.actorRef as InspectedActor;
  const who = id.startsWith('flow:') ? 'flow' : id;
  const kind = inspection.type.slice('@xstate.'.length);
  if (inspection.type === '@xstate.actor') return `${kind} ${who}`;
  if (inspection.type === '@xstate.action') return `${kind} ${who} ${inspection.action.type}`;
  if (inspection.type === '@xstate.event') {
    const source = (inspection.sourceRef as InspectedActor | undefined)?.id.replace(/^flow:.*/, 'flow');
    return `${kind} ${who} ${inspection.event.type}${source === undefined ? '' : ` from ${source}`}`;
  }
  return `${kind} ${who} ${String((inspection.snapshot as AnyMachineSnapshot).value)}`;
}

describe('inspect', () => {
  it('tells every actor of a flow with two steps, in order', async () => {
    const lines: string[] = [];
    const { runtime } = await openRuntime(chain, { ok }, { inspect: event => lines.push(toLine(event)) });
    await (await runtime.start('chain')).settled();
    await runtime.stop();
    const main = lines.filter(line => !/^(microstep|action) /.test(line));
    const order = [
      'actor orchestrator', 'event orchestrator flow.requested',
      'actor flow', 'event flow flow.start from orchestrator', 'snapshot flow stepping',
      'actor step:a', 'event step:a step.start from flow', 'snapshot step:a running',
      'event step:a attempt.completed', 'snapshot step:a completed',
      'event flow step.settled from step:a',
      'actor step:b', 'event step:b step.start from flow', 'snapshot step:b running',
      'event step:b attempt.completed', 'snapshot step:b completed',
      'event flow step.settled from step:b', 'snapshot flow consolidating',
      'event flow consolidation.completed', 'snapshot flow scored',
      'event orchestrator flow.released',
    ];
    let from = 0;
    for (const line of order) {
      const found = main.indexOf(line, from);
      expect(found, `${line} after ${main[from - 1] ?? 'the beginning'}\n${main.join('\n')}`).toBeGreaterThanOrEqual(0);
      from = found + 1;
    }
    expect(lines).toContain('action step:a ping');
    expect(lines).toContain('microstep step:a running');
  });

  it('tells nothing before the commit, and nothing of a commit that failed', async () => {
    const store = createMemoryStore();
    const lines: string[] = [];
    const early: string[] = [];
    let commits = 0;
    let fails = false;
    let storing = false;
    const guard = (work: () => void): void => {
      storing = true;
      if (fails) throw new Error('the disk is full');
      work();
      storing = false;
      commits++;
    };
    const [commit, commitWith] = [store.commit.bind(store), store.commitWith.bind(store)];
    store.commit = batch => guard(() => commit(batch));
    store.commitWith = build => guard(() => commitWith(build));
    const { runtime } = await openRuntime(chain, { ok }, { store, inspect: event => void (storing ? early : lines).push(toLine(event)) });
    const { executionId } = await runtime.start('chain');
    await runtime.settled(executionId);
    expect(commits).toBeGreaterThan(0);
    expect(early).toEqual([]);
    const before = lines.length;
    fails = true;
    await expect(runtime.start('chain')).rejects.toThrow('the disk is full');
    await settleTicks();
    expect(lines).toHaveLength(before);
    expect(early).toEqual([]);
    fails = false;
    storing = false;
    await runtime.restart();
    await (await runtime.start('chain')).settled();
    expect(lines.slice(before)).toContain('actor orchestrator');
    expect(lines.at(-1)).toBe('snapshot orchestrator open');
    expect(early).toEqual([]);
    await runtime.stop();
  });

  it('names actors by their addresses, the same in every process', async () => {
    const events: InspectionEvent[] = [];
    const flow = { id: 'each', steps: [{ id: 'all', uses: 'tool:ok', for_each: '{% [1, 2] %}' }] };
    const { runtime } = await openRuntime(flow, { ok }, { inspect: event => events.push(event) });
    const { executionId } = await runtime.start('each');
    await runtime.settled(executionId);
    await runtime.stop();
    const address = `orchestrator/flow:${executionId}`;
    const actors = events.filter(({ type }) => type === '@xstate.actor').map(({ actorRef }) => actorRef as InspectedActor);
    expect(actors.map(actor => [actor.sessionId, actor.parent?.sessionId, actor.src])).toEqual([
      ['orchestrator', undefined, 'orchestrator'],
      [address, 'orchestrator', 'flow'],
      [`${address}/step:all`, address, 'fanOut'],
      [`${address}/step:all/item:0`, `${address}/step:all`, 'step'],
      [`${address}/step:all/item:1`, `${address}/step:all`, 'step'],
    ]);
    expect(events.every(({ rootId }) => rootId === 'orchestrator')).toBe(true);
    const sources = events.flatMap(event => (event.type === '@xstate.event' && event.event.type === 'item.settled' ? [(event.sourceRef as InspectedActor).id] : []));
    expect(sources).toEqual(['item:0', 'item:1']);
  });

  it('announces actors that were read back where they stand', async () => {
    const store = createMemoryStore();
    const flow = { id: 'wait', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }, { id: 'after', uses: 'tool:ok', depends_on: ['nap'] }] };
    const first = await openRuntime(flow, { ok }, { store });
    const { executionId } = await first.runtime.start('wait');
    await settleTicks();
    const copy = store.copy();
    await first.runtime.stop();
    const lines: string[] = [];
    const second = await openRuntime(flow, { ok }, { store: copy, clock: first.clock, inspect: event => lines.push(toLine(event)) });
    first.clock.advance(3_600_000);
    await until(() => lines.includes('snapshot flow scored'));
    expect(lines).not.toContain('event flow flow.start from orchestrator');
    const flowActor = lines.indexOf('actor flow');
    const stepActor = lines.indexOf('actor step:nap');
    expect(lines[flowActor + 2]).toBe('snapshot flow stepping');
    expect(lines.slice(stepActor, stepActor + 4)).toEqual(['actor step:nap', 'event step:nap xstate.init from flow', 'snapshot step:nap waiting', 'event step:nap timer.fired']);
    expect(stepActor).toBeGreaterThan(flowActor);
    await second.runtime.settled(executionId);
    await second.runtime.stop();
  });

  it('tells how a flow ends whose machine threw', async () => {
    const lines: string[] = [];
    const broken: typeof compiledMachines = {
      ...compiledMachines,
      step: {
        ...compiledMachines.step,
        transition: (snapshot, event, effects) => {
          if (event.type === 'attempt.completed') throw new Error('a broken guard');
          return compiledMachines.step.transition(snapshot, event, effects);
        },
      },
    };
    const runtime = await createRuntimeOn(broken, {
      store: createMemoryStore(),
      flows: [defineFlow(chain)],
      tools: toTools({ ok }),
      inspect: event => lines.push(toLine(event)),
    });
    expect((await (await runtime.start('chain')).settled()).failure).toMatchObject({ code: 'machine_failed' });
    expect(lines.slice(lines.indexOf('event flow flow.cancel'))).toEqual(
      expect.arrayContaining(['event flow flow.cancel', 'snapshot flow failed', 'event step:a step.cancel from flow', 'snapshot step:a cancelled']),
    );
    await runtime.stop();
  });

  it('goes on when the function throws', async () => {
    const { runtime } = await openRuntime(chain, { ok }, { inspect: () => { throw new Error('a bug in the inspector'); } });
    expect((await (await runtime.start('chain')).settled()).passed).toBe(true);
    await runtime.stop();
  });
});
