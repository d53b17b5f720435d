import { v7 } from 'uuid';

/** Randomness as everything in Flowstone sees it. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export const systemRandom: Random = { next: () => Math.random() };

/** A generator that repeats itself for a seed: mulberry32 (T. Ettinger, 2017). */
export function createSeededRandom(seed: number): Random {
  let state = seed | 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** As `createSeededRandom`, for a seed that is a text. */
export const createTextSeededRandom = (seed: string): Random => createSeededRandom(hashText(seed));

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position++) hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
  return hash;
}

const idBytes = 16;
/** Random bytes for the ids to come: to ask the system for those of each takes longer than all else about an id. */
const pool = new Uint8Array(256 * idBytes);
let used = pool.length;

function takeRandomBytes(): Uint8Array {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  return pool.subarray(used, (used += idBytes));
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Makes an id that nothing else has: 16 random bytes, hex. Without `Buffer`, which browsers do not have. */
export function createRandomId(): string {
  let text = '';
  for (const byte of takeRandomBytes()) text += hex[byte];
  return text;
}

/** Makes the id of an execution: a UUIDv7, so that ids sort by age. */
export function createExecutionId(now: number): string {
  return v7({ msecs: now, random: takeRandomBytes() });
}

/** Makes the id of a step's session; `index` is its place in the definition, 0-based. */
export function toStepSessionId(executionId: string, index: number): string {
  return `${executionId}_step_${index}`;
}

/** Makes the id of a consolidated session; `generation` is 1-based. */
export function toConsolidatedSessionId(executionId: string, generation: number): string {
  return `${executionId}_consolidated_${generation}`;
}

/** Makes the key under which a step's effects outside are done once: the same in every attempt of a generation. */
export function toIdempotencyKey(executionId: string, address: string, generation: number): string {
  return `${executionId}/${address}#${generation}`;
}
