import type { Table } from '../table.ts';
import { defineTable } from '../table.ts';

const integer = { type: 'integer' } as const;
const text = { type: 'text' } as const;

/** A table with a number as its key, and one index of every kind. */
export const notes = defineTable({
  name: 'suite_notes',
  columns: {
    key: { type: 'integer', least: 1 }, owner: text, label: text, status: { type: 'text', default: 'open' }, weight: { type: 'real', default: 0 }, createdAt: integer,
    settledAt: { type: 'integer', nullable: true }, wakeAt: { type: 'integer', nullable: true }, body: { type: 'bytes' },
  },
  key: ['key'],
  indexes: {
    notes_label: { columns: ['label'], unique: true },
    notes_owner: { columns: ['owner'] },
    notes_heavy: { columns: ['weight', 'key'], falling: ['weight'], where: { column: 'status', is: 'open' } },
    notes_wake: { columns: ['wakeAt'], where: { column: 'wakeAt', isSet: true } },
  },
});

/** A table whose key is of several columns. */
export const places = defineTable({
  name: 'suite_places',
  columns: { family: text, position: integer, item: integer, text },
  key: ['family', 'position', 'item'],
  indexes: {},
});

/** A table that begins with a row. */
export const marks = defineTable({ name: 'suite_marks', columns: { id: integer, head: integer }, key: ['id'], indexes: {}, initial: [{ id: 1, head: 0 }] });

export const suiteTables: readonly Table[] = [notes, places, marks];
