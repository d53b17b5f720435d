import type { RehearsedEntry } from '../engine/holding.ts';

const settled: ReadonlySet<string | null> = new Set(['completed', 'failed', 'skipped', 'cancelled']);
const ended: ReadonlySet<string | null> = new Set(['scored', 'failed', 'done', 'error', 'stopped']);

/** Whether a step comes to its end. */
export const isSettled = ({ address, state }: RehearsedEntry, step: string): boolean => address === step && (step === '' ? ended : settled).has(state);

/** Whether the whole comes to its end. */
export const isEnd = ({ address, state, states = [] }: RehearsedEntry): boolean => address === '' && (ended.has(state) || states.some(one => ended.has(one)));
