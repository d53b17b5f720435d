import type { ExecutionDetails } from 'flowstone';
import type { Complain } from './judge-storm.ts';
import { ranks } from './storm-program.ts';
import type { Witnessed } from './storm-witness.ts';

/** Every run of a handler that was seen: none of what is over, none out of order, none under another key. */
export function judgeHandlers(executions: ReadonlyMap<string, ExecutionDetails>, seen: readonly Witnessed[], complain: Complain): void {
  const settled = new Set<string>();
  const furthest = new Map<string, number>();
  const latest = new Map<string, number>();
  const starts = new Map<string, number>();
  const failed = new Set<string>();
  const ended = new Set<string>();
  for (const one of seen) {
    if (one.what === 'settled') settled.add(one.executionId);
    if (one.what === 'fail') failed.add(one.key);
    if (one.what === 'end') ended.add(one.key);
    if (one.what !== 'start') continue;
    const { executionId, stepId, item, attempt, key } = one;
    const place = `${executionId}/${stepId}${item < 0 ? '' : `[${item}]`}`;
    if (!executions.has(executionId)) complain(`${place} ran, and its execution is not there`);
    if (settled.has(executionId)) complain(`${place} ran after its execution had settled`);
    const rank = ranks[stepId] ?? 0;
    const most = furthest.get(executionId) ?? 0;
    if (rank < most) complain(`${place} ran again after what depends on it had begun`);
    furthest.set(executionId, Math.max(rank, most));
    if (key !== `${place}#1`) complain(`${place} ran under the key ${key}`);
    if (attempt < (latest.get(key) ?? 1)) complain(`${place} went back to attempt ${attempt}`);
    if (attempt > 1 && !failed.has(key)) complain(`${place} began attempt ${attempt}, and nobody saw one fail`);
    latest.set(key, attempt);
    starts.set(key, (starts.get(key) ?? 0) + 1);
  }
  for (const { executionId, steps } of executions.values()) {
    for (const { stepId, item, attempts, interruptions } of steps) {
      if (!(stepId in ranks) || (stepId === 'each' && item === undefined)) continue;
      const key = `${executionId}/${stepId}${item === undefined ? '' : `[${item}]`}#1`;
      const runs = starts.get(key) ?? 0;
      if (!ended.has(key)) complain(`${key} is completed, and nobody saw it end`);
      if (runs < attempts) complain(`${key} is stored with ${attempts} attempts, ${runs} were seen`);
      if (runs > attempts + interruptions) complain(`${key} began ${runs} times, ${attempts} attempts and ${interruptions} interruptions are stored`);
    }
  }
}
