/** Registers one test: vitest's `it`, or `test` of `node:test`. */
export type Register = (name: string, test: () => Promise<void>) => unknown;
