import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { HostEvents, ParentMessage } from '../../src/desktop/host-messages.ts';
import type { RestartOptions } from '../../src/desktop/supervisor.ts';
import { Supervisor } from '../../src/desktop/supervisor.ts';

function begin(restart?: RestartOptions) {
  const clock = new SimulatedClock();
  const forked: (HostEvents & { readonly said: ParentMessage[]; killed: boolean; isOver: boolean })[] = [];
  const told = { lost: 0, failed: [] as string[], details: undefined as unknown };
  const supervisor = new Supervisor<string>({
    clock, restart,
    fork: events => {
      const process = {
        ...events, said: [] as ParentMessage[], killed: false, isOver: false,
        exited: () => {
          process.isOver = true;
          events.exited();
        },
      };
      forked.push(process);
      return { send: message => process.said.push(message), kill: () => (process.killed = true) };
    },
    lost: () => told.lost++,
    failed: ({ code, details }) => {
      told.failed.push(code);
      told.details = details;
    },
  });
  supervisor.start();
  const last = () => forked.at(-1) as (typeof forked)[number];
  return { clock, supervisor, forked, told, last };
}

describe('the supervisor of a runtime', () => {
  it('begins a process again after half a second, then twice as late, up to half a minute', () => {
    const { clock, forked, last } = begin();
    const waits: number[] = [];
    for (let n = 1; n <= 9; n++) {
      last().exited();
      const at = clock.now();
      clock.advance((clock.nextTimerAt() ?? 0) - at - 1);
      expect(forked).toHaveLength(n);
      clock.advance(1);
      waits.push(clock.now() - at);
      expect(forked).toHaveLength(n + 1);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('counts anew after one that has stood for a while, and not after one that was only ready', () => {
    const { clock, forked, last } = begin();
    for (const wait of [500, 1_000, 2_000]) {
      last().message({ type: 'ready' });
      clock.advance(9_999);
      last().exited();
      clock.advance(wait - 1);
      expect(last().isOver).toBe(true);
      clock.advance(1);
      expect(last().isOver).toBe(false);
    }
    last().message({ type: 'ready' });
    clock.advance(10_000);
    last().exited();
    clock.advance(500);
    expect(forked).toHaveLength(5);
  });

  it('reports one that ends again and again, from the fifth time on, until it stands', () => {
    const { clock, told, last, forked } = begin({ leastWaitMs: 10, mostWaitMs: 40 });
    for (let n = 1; n <= 4; n++) {
      last().message({ type: 'ready' });
      last().exited();
      clock.advance(40);
    }
    expect(told.failed).toEqual([]);
    last().exited();
    expect(told.failed).toEqual(['runtime_unsteady']);
    clock.advance(40);
    last().message({ type: 'ready' });
    last().exited();
    expect(told.failed).toEqual(['runtime_unsteady', 'runtime_unsteady']);
    expect(told.details).toEqual({ failures: 6, waitMs: 40 });
    clock.advance(40);
    // One that says itself what is wrong is not reported beside.
    last().message({ type: 'failed', code: 'store_owned', message: 'Owned' });
    last().exited();
    expect(told.failed.slice(2)).toEqual(['store_owned']);
    clock.advance(40);
    last().message({ type: 'ready' });
    clock.advance(10_000);
    last().exited();
    expect(told.failed).toHaveLength(3);
    clock.advance(10);
    expect(forked).toHaveLength(9);
  });

  it('takes whoever asks to the process once it is ready, and each once', () => {
    const { supervisor, last, clock } = begin();
    const reached: string[] = [];
    supervisor.reach('one', () => reached.push('one, first'));
    supervisor.reach('one', () => reached.push('one'));
    supervisor.reach('gone', () => reached.push('gone'));
    supervisor.forget('gone');
    expect(reached).toEqual([]);
    last().message({ type: 'ready' });
    expect(reached).toEqual(['one']);
    supervisor.reach('other', () => reached.push('other'));
    last().exited();
    supervisor.reach('late', () => reached.push('late'));
    clock.advance(500);
    expect(reached).toEqual(['one', 'other']);
    last().message({ type: 'ready' });
    expect(reached).toEqual(['one', 'other', 'late']);
  });

  it('says that a process was lost, and why one could not begin', () => {
    const { told, last, clock } = begin();
    last().message({ type: 'failed', code: 'store_owned', message: 'Owned' });
    last().exited();
    expect(told).toEqual({ lost: 1, failed: ['store_owned'] });
    clock.advance(500);
    expect(told.lost).toBe(1);
  });

  it('hears nothing of a process that has ended', () => {
    const { supervisor, forked, last, clock } = begin();
    const [first] = forked;
    last().exited();
    clock.advance(500);
    first?.message({ type: 'ready' });
    first?.exited();
    expect(supervisor.state).toBe('starting');
  });

  it('asks it to stop, and kills it when that takes too long', async () => {
    const { clock, supervisor, last } = begin();
    last().message({ type: 'ready' });
    const stopped = supervisor.stop(3_000);
    expect(last().said).toEqual([{ type: 'stop', timeoutMs: 3_000 }]);
    clock.advance(4_999);
    expect(last().killed).toBe(false);
    clock.advance(1);
    expect(last().killed).toBe(true);
    last().exited();
    await stopped;
    expect(supervisor.state).toBe('stopped');
    clock.advance(60_000);
    expect(supervisor.starts).toBe(1);
  });

  it('begins nothing after a stop, from wherever it stood, until it is told to', async () => {
    const waiting = begin();
    waiting.last().exited();
    await waiting.supervisor.stop();
    waiting.clock.advance(60_000);
    expect(waiting.supervisor.starts).toBe(1);
    const starting = begin();
    const stopped = starting.supervisor.stop();
    starting.last().exited();
    await stopped;
    expect(starting.supervisor.state).toBe('stopped');
    starting.supervisor.start();
    expect(starting.supervisor.starts).toBe(2);
  });

  it('takes whoever asked before a stop to the process that follows it', async () => {
    const { supervisor, last } = begin();
    let reached = 0;
    supervisor.reach('page', () => reached++);
    const stopped = supervisor.stop();
    last().exited();
    await stopped;
    supervisor.start();
    last().message({ type: 'ready' });
    expect(reached).toBe(1);
  });

  it('tells only a process that listens of sleep', () => {
    const { supervisor, last } = begin();
    supervisor.tell({ type: 'suspend' });
    last().message({ type: 'ready' });
    supervisor.tell({ type: 'resume' });
    expect(last().said).toEqual([{ type: 'resume' }]);
  });
});
