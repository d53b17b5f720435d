import type { RecordReader } from '../../persistence/store.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { Metrics } from './metrics.ts';
import type { Health } from './source.ts';

/** Figures that are read from the store when they are asked for. */
export function addStoreMetrics(metrics: Metrics, reader: RecordReader, cache: AnswerCache, readHealth: () => Promise<Health>): void {
  metrics.gauges('executions_unsettled', 'Executions that have not settled', 'status', async () =>
    Object.entries(await reader.countExecutions()).filter(([status]) => status !== 'scored' && status !== 'failed'));
  metrics.gauges('queue_messages', 'Messages by queue and status, as `queue/status`', 'queue_status', async () => (await reader.countMessages()).map(({ queue, status, count }) => [`${queue}/${status}`, count] as const));
  metrics.gauge('store_bytes', 'Size of the store', async () => (await reader.getSize()).bytes);
  metrics.gauge('journal_head', 'The highest number that was given to a row of the journal', async () => (await reader.getFeedState()).head);
  metrics.gauge('up', '1 while the runtime works, 0 while it is faulted, or nobody owns the database', async () => ((await readHealth()).status === 'running' ? 1 : 0));
  metrics.gauge('running_steps', 'Handlers that run in this process', async () => (await readHealth()).runningSteps ?? 0);
  metrics.gauge('active_flows', 'Flows in the memory of this process', async () => (await readHealth()).activeFlows ?? 0);
  metrics.gauges('cache_answers', 'Answers by where they came from', 'from', () => [['304', cache.counts.unchanged], ['kept', cache.counts.hits], ['rendered', cache.counts.misses], ['warmed', cache.counts.warmed]]);
  metrics.gauge('cache_bytes', 'Size of the kept answers, about', () => cache.size);
}
