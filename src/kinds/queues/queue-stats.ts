import type { MessageCount, MessageTimes, QueueReader } from '../../../persistence/queue-store.ts';
import type { QueueStats } from './queue-api.ts';

/** What is completed within this time counts for throughput and latency, ms. */
const windowMs = 60_000;
/** Of very many completed ones only the latest are looked at. */
const maxSample = 10_000;

/**
 * Reads how queues are doing; also in a process that does not own them.
 *
 * @param names queues to report also when they hold nothing
 */
export async function readQueueStats(reader: QueueReader, names: readonly string[], now: number): Promise<QueueStats[]> {
  const counts = await reader.countMessages();
  const all = [...new Set([...names, ...counts.map(({ queue }) => queue)])].toSorted();
  return Promise.all(all.map(async queue => {
    const times = await reader.listMessageTimes(queue, now - windowMs, maxSample);
    return computeQueueStats(queue, counts.filter(count => count.queue === queue), times, now);
  }));
}

/** @param times the latest first */
function computeQueueStats(queue: string, counts: readonly MessageCount[], times: readonly MessageTimes[], now: number): QueueStats {
  const countOf = (status: MessageCount['status']): number => counts.find(count => count.status === status)?.count ?? 0;
  const [pending, inFlight, retrying] = [countOf('pending'), countOf('processing'), countOf('retrying')];
  const open = counts.filter(({ status }) => status !== 'completed' && status !== 'dead');
  const oldestAt = open.length === 0 ? null : Math.min(...open.map(count => count.oldestAt));
  const latencies = times.map(({ visibleAt, settledAt }) => Math.max(0, settledAt - visibleAt)).toSorted((a, b) => a - b);
  // A full sample is shorter than the window.
  const oldest = times.length < maxSample ? now - windowMs : (times.at(-1)?.settledAt ?? now - windowMs);
  return {
    queue, depth: pending + inFlight + retrying, pending, inFlight, retrying, dead: countOf('dead'), completed: countOf('completed'), oldestAt,
    oldestAgeMs: oldestAt === null ? 0 : Math.max(0, now - oldestAt),
    retries: times.reduce((sum, { attempt }) => sum + attempt - 1, 0),
    throughput: (times.length * 1_000) / Math.max(1, now - oldest),
    latencyMs: latencies.length === 0 ? null : { p50: pick(latencies, 0.5), p95: pick(latencies, 0.95), p99: pick(latencies, 0.99) },
  };
}

/** Nearest rank: the least value that so great a share does not exceed. */
const pick = (sorted: readonly number[], share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
