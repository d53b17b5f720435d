

const marker = Symbol.for('flowstone.error');

/** Where in a file something was found; lines and columns are 1-based. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** As `steps[2].retry.maxAttempts`. */
  readonly path?: string;
}

export interface FlowErrorOptions {
  readonly place?: Place;
  /** Plain values that say more. */
  readonly details?: { readonly [key: string]: unknown };
  readonly cause?: unknown;
}

/**
 * A mistake of the caller, or a fault of the machine below; thrown, never stored.
 *
 * `code` is stable; each has a heading in docs/reference/errors.md.
 */
export class FlowError extends Error {
  override readonly name: string = 'FlowError';
  readonly [marker] = true;
  readonly code: string;
  readonly place: Place | undefined;
  readonly details: { readonly [key: string]: unknown } | undefined;

  constructor(code: string, message: string, options: FlowErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.place = options.place;
    this.details = options.details;
  }
}

/** Tells a `FlowError`, also one made by another copy of the package or in another realm. */
export function isFlowError(value: unknown, code?: string): value is FlowError {
  return typeof value === 'object' && value !== null && marker in value && (code === undefined || (value as FlowError).code === code);
}

/** Whatever was thrown, as an error. Never throws itself: a value may not want to be read. */
export function toError(thrown: unknown): Error {
  try {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  } catch {
    return new Error('A value was thrown that cannot be read');
  }
}

/** Whoever awaits it hears of a stop; whom nobody awaits must not end the process with it. */
export function quietly<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
