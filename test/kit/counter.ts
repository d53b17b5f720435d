import { FlowError } from '../../src/index.ts';
import { defineInstances, defineKind, refuse } from '../../src/kit.ts';

/** A counter as its row has it. */
export interface Counter {
  value: number;
  /** When it adds one by itself, epoch ms; null: never. */
  alarmAt: number | null;
  /** 1: it counts no more. */
  closed: number;
}

export type CounterCommand =
  | { readonly type: 'add'; readonly id: string; readonly by: number }
  | { readonly type: 'ring'; readonly id: string; readonly inMs: number }
  /** Takes from one and gives to the other, in one commit. */
  | { readonly type: 'move'; readonly id: string; readonly to: string; readonly by: number }
  | { readonly type: 'read'; readonly id: string }
  | { readonly type: 'close'; readonly id: string }
  /** A fault of the kind: it looks at another counter than it has named. */
  | { readonly type: 'peek'; readonly id: string; readonly at: string };

export type CounterEffect = { readonly type: 'reached'; readonly value: number };

/** What was done after commits. */
export const reached: number[] = [];

/** A kind as a stranger may write it: a table, commands, a timer, a history; nothing of Flowstone but its public entry points. */
export const counter = defineKind<Counter, CounterCommand, number, CounterEffect>({
  name: 'counter',
  table: defineInstances('counters', {
    value: { type: 'integer', least: -1_000 },
    alarmAt: { type: 'integer', nullable: true },
    closed: { type: 'integer', least: 0, most: 1 },
  }),
  keysOf: command => (command.type === 'move' ? [command.id, command.to] : [command.id]),
  load: (_id, row) => ({ value: 0, alarmAt: null, closed: 0, ...(row as object | undefined) }),
  due: ({ alarmAt }) => alarmAt,
  isSettled: ({ closed }) => closed === 1,
  apply(state, command, tick) {
    const full = new FlowError('counter_closed', 'Expected a counter that counts, this one is closed');
    if (state.closed === 1 && command?.type !== 'read') return refuse(full) as never;
    if (command === null) {
      state.alarmAt = null;
      state.value++;
    } else if (command.type === 'add') {
      if (command.by === 13) throw new TypeError('this machine throws at thirteen');
      state.value += command.by;
      if (state.value % 100 === 0) tick.perform({ type: 'reached', value: state.value });
    } else if (command.type === 'ring') {
      state.alarmAt = tick.now + command.inMs;
    } else if (command.type === 'move') {
      const other = tick.get(command.to);
      state.value -= command.by;
      other.value += command.by;
    } else if (command.type === 'close') {
      state.closed = 1;
    } else if (command.type === 'peek') {
      return tick.get(command.at).value;
    }
    return state.value;
  },
  perform({ value }) {
    reached.push(value);
  },
});
