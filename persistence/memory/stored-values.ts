import type { Value } from '../table.ts';

/** A value as JSON has it: bytes are `{ base64 }`. */
export type StoredValue = Exclude<Value, Uint8Array> | { readonly base64: string };

export const toStored = (value: Value): StoredValue => (value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value);

export const fromStored = (value: StoredValue | undefined): Value =>
  (typeof value === 'object' && value !== null && 'base64' in value ? new Uint8Array(Buffer.from(value.base64, 'base64')) : (value ?? null));
