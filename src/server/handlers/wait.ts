import { FlowError } from '../../core/errors.ts';
import { toDurationMs } from '../../core/duration.ts';
import { describeValue } from '../../core/wording.ts';
import type { WriteContext } from './handler.ts';

const maxWaitMs = 60_000;

/** Reads how long somebody waits, ms. @throws a `FlowError` with code `parameter_invalid` */
export function readWait(wait: string | number | undefined): number {
  if (wait === undefined) return 0;
  const ms = toDurationMs(wait);
  if (ms !== undefined && ms <= maxWaitMs) return ms;
  throw new FlowError('parameter_invalid', `Expected \`wait\` to be a duration of at most a minute, as \`20s\`, got ${describeValue(wait)}`, { place: { path: 'body.wait' } });
}

/**
 * Waits for the end of an execution, up to a time.
 *
 * @param after a cursor from before it began
 * @returns whether it has settled
 */
export async function waitForEnd({ reader, feed, clock }: Pick<WriteContext, 'reader' | 'feed' | 'clock'>, executionId: string, ms: number, after: string | undefined, given: AbortSignal): Promise<boolean> {
  const isSettled = async (): Promise<boolean> => (await reader.getExecution(executionId))?.settledAt !== null;
  if (ms === 0 || (await isSettled())) return ms > 0;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const timer = clock.setTimer(end, ms);
  given.addEventListener('abort', end, { once: true });
  try {
    for await (const { entries, reset } of feed.follow({ topics: [`flow:${executionId}`], signal: ending.signal, ...(after !== undefined && { after }) })) {
      if ((reset || entries.some(({ state }) => state === 'scored' || state === 'failed')) && (await isSettled())) return true;
    }
  } finally {
    clock.clearTimer(timer);
    given.removeEventListener('abort', end);
    end();
  }
  return isSettled();
}
