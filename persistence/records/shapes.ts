import type { WriteShape } from '../contract.ts';
import type { Table } from '../table.ts';

export const insertInto = (table: Table, more: Pick<WriteShape, 'keep'> = {}): WriteShape => ({ table, kind: 'insert', columns: Object.keys(table.columns), ...more });
