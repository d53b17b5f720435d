import { listCauses, withCauses } from './error-causes.ts';
import type { StepFailure } from './failure.ts';

const maxMessageLength = 2_000;

/** A text as long as a stored message may be. */
export const cutMessage = (text: string): string => (text.length > maxMessageLength ? `${text.slice(0, maxMessageLength)}…` : text);

/**
 * Turns whatever a handler threw into data. Its class comes from structured fields only: `code`, and `retryable`
 * when it is a boolean; otherwise it may be tried again. Never throws, whatever the value's own getters do.
 */
export function toFailure(error: unknown, retryable?: boolean): StepFailure {
  try {
    return readFailure(error, retryable);
  } catch {
    return { code: 'tool_threw', message: 'The handler threw a value that cannot be read', retryable: retryable ?? true };
  }
}

function readFailure(error: unknown, retryable?: boolean): StepFailure {
  const { code, message, name, retryable: own } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    message?: unknown;
    name?: unknown;
    retryable?: unknown;
  };
  const text = typeof message === 'string' ? message : typeof error === 'string' ? error : 'The handler threw a value that is not an Error';
  const causes = listCauses(error);
  const details = {
    ...(typeof name === 'string' && name !== 'Error' && { name: cutMessage(name) }),
    ...(causes.length > 0 && { causes: causes.map(cause => ({ ...cause, message: cutMessage(cause.message) })) }),
  };
  return {
    code: typeof code === 'string' && code !== '' ? cutMessage(code) : 'tool_threw',
    message: cutMessage(withCauses(text, causes)),
    retryable: retryable ?? (typeof own === 'boolean' ? own : true),
    ...(Object.keys(details).length > 0 && { details }),
  };
}
