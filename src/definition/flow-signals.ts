import type { StandardSchema } from '../core/standard-schema.ts';

/** What signals of a flow carry, by name. */
export type FlowSignals = { readonly [name: string]: StandardSchema };

/** Where a definition keeps them; of one name for all copies of this package. */
const signalsOf: unique symbol = Symbol.for('flowstone.signals') as never;

/** The schemas that a definition made by `defineFlow` carries. */
export const readSignals = (definition: unknown): FlowSignals | undefined => (definition as { readonly [signalsOf]?: FlowSignals } | null | undefined)?.[signalsOf];

/** Gives a definition the schemas of its signals; JSON of it is as before, and so is its digest. */
export function withSignals<Definition extends object>(definition: Definition, signals: FlowSignals | undefined): Definition {
  return signals === undefined ? definition : Object.freeze({ ...definition, [signalsOf]: signals });
}
