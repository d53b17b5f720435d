import { FlowError } from '../core/errors.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';

/** How a runtime may be debugged. */
export interface DebugOptions {
  /** Whether other processes may hold and step, over the owner's local socket. Default: unless `NODE_ENV` is `production`. */
  readonly control?: boolean;
  /** How long what such a client holds stands still after the last one has left, ms. Default 10,000. */
  readonly graceMs?: number;
  /** Messages that are held for one execution or actor, at most; then it goes on. Default 1,000. */
  readonly maxHeldMessages?: number;
  /** Likewise, characters of their JSON. Default 16 Mi. */
  readonly maxHeldBytes?: number;
}

/** @throws a `FlowError` with code `option_invalid` */
export function requireDebugOptions(options: DebugOptions = {}, environment: string | undefined = undefined): DebugOptions & { readonly control: boolean } {
  const known = requireKnownKeys(options, { control: true, graceMs: true, maxHeldMessages: true, maxHeldBytes: true }, '`debug` of `createRuntime`');
  const { control = environment !== 'production', ...counts } = known;
  if (typeof control !== 'boolean') throw new FlowError('option_invalid', `Expected \`debug.control\` to be true or false, got ${describeValue(control)}`);
  for (const [name, value] of Object.entries(counts)) {
    if (!(Number.isSafeInteger(value) && value >= (name === 'graceMs' ? 0 : 1))) throw new FlowError('option_invalid', `Expected \`debug.${name}\` to be a positive integer, got ${describeValue(value)}`);
  }
  return { ...counts, control };
}
