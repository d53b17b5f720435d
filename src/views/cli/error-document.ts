import { isFlowError, type Place } from '../../core/errors.ts';
import { toPlainText } from '../terminal/plain-text.ts';

/** An error as `--json` prints it. */
export interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly place?: Place;
    /** Every problem of a definition, each with its own place. */
    readonly problems?: readonly unknown[];
    readonly details?: { readonly [key: string]: unknown };
  };
}

/** Turns anything thrown into what `--json` prints. */
export function toErrorDocument(error: unknown): ErrorDocument {
  if (!isFlowError(error)) {
    return { error: { code: 'internal_error', message: error instanceof Error ? error.message : String(error) } };
  }
  const { code, message, place, details } = error;
  const { problems, ...rest } = details ?? {};
  return {
    error: {
      code,
      message,
      ...(place && { place }),
      ...(Array.isArray(problems) && { problems }),
      ...(Object.keys(rest).length > 0 && { details: rest }),
    },
  };
}

/** Writes anything thrown for people: it may quote what others have stored. Only what is nobody's plan comes with its stack. */
export function formatError(error: unknown): string {
  if (isFlowError(error)) return `flowstone: ${toPlainText(error.message)} (${error.code})`;
  return `flowstone: ${toPlainText(error instanceof Error ? (error.stack ?? error.message) : String(error))} (internal_error)`;
}
