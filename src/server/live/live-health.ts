import type { RecordReader } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import type { LiveHealth } from '../../owner/live-topics.ts';
import type { Following, Told } from '../../owner/method.ts';

/** How often it is looked at while somebody follows, ms. */
const lookMs = 2_000;

async function readHealth(reader: RecordReader, connections: number): Promise<LiveHealth> {
  const owner = await reader.getOwner();
  return { owner: owner ? { pid: owner.pid, hostname: owner.hostname, startedAt: owner.startedAt } : null, connections };
}

/** Tells how the server stands, and when that has changed. */
export async function* followHealth(reader: RecordReader, countConnections: () => number, clock: Clock, { signal }: Following): AsyncGenerator<Told> {
  let told = await readHealth(reader, countConnections());
  yield { type: 'snapshot', cursor: null, data: told };
  while (!signal.aborted) {
    await pause(clock, signal);
    if (signal.aborted) return;
    const now = await readHealth(reader, countConnections());
    if (JSON.stringify(now) === JSON.stringify(told)) continue;
    told = now;
    yield { type: 'commit', cursor: null, entries: [now] };
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = clock.setTimer(end, lookMs);
    function end(): void {
      clock.clearTimer(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
    signal.addEventListener('abort', end);
  });
}
