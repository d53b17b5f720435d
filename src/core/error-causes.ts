/** What an error says that is behind another one. */
export interface ErrorCause {
  readonly message: string;
  readonly code?: string;
  readonly name?: string;
}

const maxCauses = 20;

/** Lists what is behind an error: its `cause`, the `errors` it gathers, and what is behind those; the nearest first, at most 20. */
export function listCauses(error: unknown): ErrorCause[] {
  const causes: ErrorCause[] = [];
  const seen = new Set<unknown>([error]);
  const open: unknown[] = listDirect(error);
  while (open.length > 0 && causes.length < maxCauses) {
    const next = open.shift();
    if (next === undefined || next === null || seen.has(next)) continue;
    seen.add(next);
    causes.push(describe(next));
    open.push(...listDirect(next));
  }
  return causes;
}

function listDirect(error: unknown): unknown[] {
  if (typeof error !== 'object' || error === null) return [];
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  return [cause, ...(Array.isArray(errors) ? errors.slice(0, maxCauses) : [])];
}

function describe(error: unknown): ErrorCause {
  const { message, code, name } = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as { message?: unknown; code?: unknown; name?: unknown };
  return {
    message: typeof message === 'string' ? message : 'a value that is not an Error',
    ...(typeof code === 'string' && code !== '' && { code }),
    ...(typeof name === 'string' && name !== 'Error' && { name }),
  };
}

/** A message with what is behind it: `The import failed: row 17: no such customer (customer_unknown)`. What it says itself is not repeated. */
export function withCauses(message: string, causes: readonly ErrorCause[]): string {
  let text = message;
  for (const { message: reason, code } of causes) {
    const whole = code === undefined || reason.includes(code) ? reason : reason === '' ? code : `${reason} (${code})`;
    if (whole !== '' && !(reason !== '' && text.includes(reason)) && !text.includes(whole)) text = text === '' ? whole : `${text}: ${whole}`;
  }
  return text;
}
