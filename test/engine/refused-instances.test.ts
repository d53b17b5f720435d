import { expect, it } from 'vitest';
import type { Row } from '../../persistence/table.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createMemoryTables, defineInstances, defineKind } from '../../src/kit.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { delayStore } from '../kit/delayed-store.ts';
import { createSeededRandom } from '../../src/core/ids.ts';

interface Note {
  text: string;
  alarmAt: number | null;
}

/** Cannot read what says so. */
const notes = defineKind<Note, { readonly id: string; readonly text: string; readonly inMs?: number }, string>({
  name: 'notes',
  table: defineInstances('notes', { text: { type: 'text' }, alarmAt: { type: 'integer', nullable: true } }),
  keysOf: ({ id }) => [id],
  load(_id, row: Row | undefined) {
    if (row?.['text'] === 'unreadable') throw new TypeError('this row makes no sense');
    return { text: '', alarmAt: null, ...(row as object | undefined) };
  },
  due: ({ alarmAt }) => alarmAt,
  isSettled: () => false,
  apply(state, command, tick) {
    state.text = command?.text ?? `${state.text}!`;
    state.alarmAt = command?.inMs === undefined ? null : tick.now + command.inMs;
    return state.text;
  },
});

it.each([['at once', false], ['later', true]])('a row that its kind cannot read refuses its own commands, and nobody else\'s, in a store that answers %s', async (_when, isLate) => {
  const tables = createMemoryTables();
  const clock = new SimulatedClock();
  const store = isLate ? delayStore(tables, createSeededRandom(1)) : tables;
  const first = await createRuntime({ store, clock, listen: false, kinds: [notes] });
  const ids = Array.from({ length: 50 }, (_, index) => `n${index}`);
  await Promise.all(ids.map(id => first.send(notes, { id, text: id === 'n7' ? 'unreadable' : 'good', inMs: 1_000 })));
  await first.stop();
  const reopened = tables.reopen();
  const runtime = await createRuntime({ store: isLate ? delayStore(reopened, createSeededRandom(2)) : reopened, clock, listen: false, kinds: [notes] });
  // All in one tick, read in one go.
  const answers = await Promise.allSettled(ids.map(id => runtime.send(notes, { id, text: 'better', inMs: 1_000 })));
  expect(answers.flatMap(({ status }, index) => (status === 'rejected' ? index : []))).toEqual([7]);
  expect(answers[7]).toMatchObject({ reason: { message: 'this row makes no sense' } });
  // What is due of the others is told; of this one it stays to be told.
  clock.advance(1_000);
  await settleTicks(40);
  expect(await Promise.all(ids.filter(id => id !== 'n7').map(id => runtime.send(notes, { id, text: 'best' })))).toEqual(Array.from({ length: 49 }, () => 'best'));
  const rows = reopened.read([{ table: notes.table }])[0] ?? [];
  expect(rows.filter(row => row['text'] === 'best' && row['seq'] === 4)).toHaveLength(49);
  expect(rows.filter(row => row['text'] === 'unreadable' && row['seq'] === 1)).toHaveLength(1);
  expect(runtime.health().status).toBe('running');
  await runtime.stop();
});
