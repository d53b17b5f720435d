import type { WriteShape } from '../contract.ts';
import type { StoredValue } from '../memory/stored-values.ts';
import { fromStored, toStored } from '../memory/stored-values.ts';
import type { KindWrites } from '../store.ts';

/** What kinds of the application's own write, as a line has it: each shape once, with its table, so that the line can be read by itself. */
export interface KindLines extends Omit<KindWrites, 'writes'> {
  readonly shapes: readonly WriteShape[];
  /** The place of the shape, then the values. */
  readonly writes: readonly (readonly [number, ...StoredValue[]])[];
}

export function toKindLines({ writes, ...rest }: KindWrites): KindLines {
  const shapes = [...new Set(writes.map(({ shape }) => shape))];
  return { ...rest, shapes, writes: writes.map(({ shape, values }) => [shapes.indexOf(shape), ...values.map(toStored)] as const) };
}

export function fromKindLines({ shapes, writes, ...rest }: KindLines): KindWrites {
  return { ...rest, writes: writes.map(([place, ...values]) => ({ shape: shapes[place] as WriteShape, values: values.map(fromStored) })) };
}
