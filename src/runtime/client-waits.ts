import type { KeysOf } from '../core/known-keys.ts';
import type { Logger } from '../core/logger.ts';
import { silentLogger } from '../core/logger.ts';

/** How long a client waits, wherever its owner is, and where it says what goes wrong meanwhile. */
export interface ClientWaits {
  /** Longest wait for an owner and its answer, ms. Default 30,000; `Infinity`: as long as it takes. */
  readonly timeoutMs?: number;
  /** Longest wait for a connection, ms. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Default: silent. */
  readonly logger?: Logger;
}

export const clientWaitKeys: KeysOf<ClientWaits> = { timeoutMs: true, connectTimeoutMs: true, logger: true };

const defaultTimeoutMs = 30_000;
const defaultConnectTimeoutMs = 5_000;

export interface ResolvedClientWaits {
  /** Undefined: as long as it takes. */
  readonly timeoutMs: number | undefined;
  readonly connectTimeoutMs: number;
  readonly logger: Logger;
}

export const resolveClientWaits = ({ timeoutMs = defaultTimeoutMs, connectTimeoutMs = defaultConnectTimeoutMs, logger = silentLogger }: ClientWaits): ResolvedClientWaits =>
  ({ timeoutMs: timeoutMs === Number.POSITIVE_INFINITY ? undefined : timeoutMs, connectTimeoutMs, logger });
