import type { MessageDetails, QueueStats } from '../../kinds/queues/queue-api.ts';
import { formatDateTime, formatDuration } from './durations.ts';
import type { Palette } from './palette.ts';
import { toPlainLine } from './plain-text.ts';
import { renderTable } from './result-report.ts';

const formatCount = (count: number): string => (count === 0 ? '' : String(count));
const formatRate = (perSecond: number): string => (perSecond === 0 ? '' : `${perSecond.toFixed(perSecond < 10 ? 2 : 0)}/s`);

/** Queues and how much is in them. */
export function renderQueues(queues: readonly QueueStats[], columns: number, palette: Palette): string {
  const rows = queues.map(({ queue, pending, inFlight, retrying, dead, completed }) => [queue, ...[pending, inFlight, retrying, dead, completed].map(formatCount)]);
  return `${renderTable(['queue', 'pending', 'in flight', 'retrying', 'dead', 'completed'], rows, columns, palette)}\n`;
}

/** How queues are doing. */
export function renderStats(queues: readonly QueueStats[], columns: number, palette: Palette): string {
  const rows = queues.map(({ queue, depth, oldestAt, oldestAgeMs, inFlight, retries, dead, throughput, latencyMs }) => [
    queue, formatCount(depth), oldestAt === null ? '' : formatDuration(oldestAgeMs), formatCount(inFlight), formatCount(retries), formatCount(dead), formatRate(throughput),
    latencyMs === null ? '' : [latencyMs.p50, latencyMs.p95, latencyMs.p99].map(formatDuration).join(' / '),
  ]);
  return `${renderTable(['queue', 'depth', 'oldest', 'in flight', 'retries', 'dead', 'throughput', 'p50 / p95 / p99'], rows, columns, palette)}\n`;
}

/** Messages, one per line. */
export function renderMessages(messages: readonly MessageDetails[], now: number, columns: number, palette: Palette): string {
  const rows = messages.map(message => [
    message.messageId, message.status, `${message.attempt}/${message.maxAttempts}`, formatDuration(Math.max(0, now - message.publishedAt)),
    toPlainLine(message.reason ? `${message.reason.code}: ${message.reason.message}` : JSON.stringify(message.payload).slice(0, 200)),
  ]);
  return `${renderTable(['message', 'status', 'attempts', 'age', 'reason or payload'], rows, columns, palette)}\n`;
}

/** One message with everything that happened to it. */
export function renderMessage(message: MessageDetails, columns: number, palette: Palette): string {
  const { messageId, queue, status, payload, reason, history } = message;
  const rows = history.map(({ at, event, state, detail }) => [formatDateTime(at), event, state ?? 'refused', toPlainLine(detail === undefined ? '' : JSON.stringify(detail))]);
  const facts = [
    ...(reason ? [['reason', `${reason.code}: ${reason.message}`]] : []),
    ['payload', JSON.stringify(payload).slice(0, 1_000)],
    ...(['priority', 'version', 'generation', 'correlationId', 'partitionKey', 'idempotencyKey', 'instance', 'source', 'claimedBy'] as const).flatMap(key => (message[key] === null ? [] : [[key, String(message[key])]])),
  ];
  const lines = facts.map(([name = '', value = '']) => `  ${palette.dim(name.padEnd(14))}  ${toPlainLine(value)}`);
  return `${messageId}  ${status}  ${queue}\n${lines.join('\n')}\n\n${renderTable(['at', 'event', 'state', 'detail'], rows, columns, palette)}\n`;
}
