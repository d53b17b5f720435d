import type { LogLine, LogTap } from '../core/log-tap.ts';
import type { Told } from '../owner/method.ts';

/** Lines that wait to be told, at most: of more, the latest. */
const maxWaiting = 500;

/** Tells lines of an execution's handlers as they come. */
export async function* followLogs(logs: LogTap, executionId: string, signal: AbortSignal): AsyncGenerator<Told> {
  const waiting: LogLine[] = [];
  let wake = (): void => {};
  const leave = (): void => wake();
  const unlisten = logs.listen(executionId, line => {
    waiting.push(line);
    if (waiting.length > maxWaiting) waiting.shift();
    wake();
  });
  signal.addEventListener('abort', leave, { once: true });
  try {
    yield { type: 'snapshot', cursor: null };
    while (!signal.aborted) {
      if (waiting.length === 0) await new Promise<void>(resolve => (wake = resolve));
      const entries = waiting.splice(0);
      if (entries.length > 0) yield { type: 'commit', cursor: null, entries };
    }
  } finally {
    unlisten();
    signal.removeEventListener('abort', leave);
  }
}
