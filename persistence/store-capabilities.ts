/**
 * What a store may be unable to do by its nature.
 *
 * `ownWrites`: take a step's own writes into its transaction (`commitWith`, a tool's `onCommit`).
 */
export type StoreCapability = 'ownWrites';
