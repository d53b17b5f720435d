import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { FlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';

export interface IsolationOptions {
  /** A .js or .ts module that exports the tools; a function of this process cannot be given to another. Default: only built-in tools. */
  readonly tools?: string | URL;
  /** Where the processes keep their files, a folder for each. Default: the database's path and `-processes`; for a store in memory a temporary one. */
  readonly folder?: string;
  /** Processes at the same time, 1 or more. Default: as many as the machine has cores; the others wait. */
  readonly maxProcesses?: number;
  /** Longest a process may take for a flow without a `timeout` of its own, ms. Default 600,000; then it is killed and the flow fails. */
  readonly timeoutMs?: number;
  /** Time between asking a process to stop and killing it, ms. Default 5,000. */
  readonly killAfterMs?: number;
  /** What a commit of the process survives. Default `power`. */
  readonly durability?: 'power' | 'process';
}

export interface ResolvedIsolation {
  /** Absolute path. */
  readonly tools: string | undefined;
  readonly folder: string | undefined;
  readonly maxProcesses: number;
  readonly timeoutMs: number;
  readonly killAfterMs: number;
  readonly durability: 'power' | 'process';
}

const keys: KeysOf<IsolationOptions> = { tools: true, folder: true, maxProcesses: true, timeoutMs: true, killAfterMs: true, durability: true };

/** @throws a `FlowError` with code `option_invalid` */
export function resolveIsolation(options: IsolationOptions): ResolvedIsolation {
  const { tools, folder, maxProcesses = availableParallelism(), timeoutMs = 600_000, killAfterMs = 5_000, durability = 'power' } = requireKnownKeys(options, keys, '`isolation`');
  for (const [name, value, least] of [['maxProcesses', maxProcesses, 1], ['timeoutMs', timeoutMs, 1], ['killAfterMs', killAfterMs, 0]] as const) {
    if (!Number.isSafeInteger(value) || value < least) throw new FlowError('option_invalid', `Expected \`isolation.${name}\` to be an integer ≥ ${least}, got ${describeValue(value)}`);
  }
  if (durability !== 'power' && durability !== 'process') throw new FlowError('option_invalid', `Expected \`isolation.durability\` to be 'power' or 'process', got ${describeValue(durability)}`);
  return { tools: toPath('tools', tools), folder: toPath('folder', folder), maxProcesses, timeoutMs, killAfterMs, durability };
}

function toPath(name: string, value: string | URL | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value instanceof URL && value.protocol === 'file:') return fileURLToPath(value);
  if (typeof value === 'string' && value !== '') return value.startsWith('file:') ? fileURLToPath(value) : resolve(value);
  throw new FlowError('option_invalid', `Expected \`isolation.${name}\` to be a path, got ${describeValue(value)}`);
}
