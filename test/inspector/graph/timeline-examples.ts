import { createSeededRandom } from '../../../src/core/ids.ts';
import type { TimelineRow, TimelineSpan } from '../../../src/inspector/graph/timeline-rows.ts';

export const timelineStart = 1_767_225_600_000;

/** Rows as an execution could have them: attempts that fail and are tried again, long waits, items, something that goes on. */
export function makeTimeline(seed: number, count: number, items = 6): { readonly rows: TimelineRow[]; readonly now: number } {
  const random = createSeededRandom(seed);
  const rows: TimelineRow[] = [];
  let at = timelineStart;
  for (let index = 0; index < count; index++) {
    const spans: TimelineSpan[] = [];
    const attempts = 1 + Math.floor(random.next() * 3);
    let from = at + Math.floor(random.next() * 300);
    const isWait = index % 7 === 4;
    if (isWait) spans.push({ kind: 'wait', from, to: (from += 7_200_000), status: 'completed', label: 'waits for approve' });
    else {
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const to = from + 50 + Math.floor(random.next() * 2_000);
        spans.push({ kind: 'attempt', from, to, status: attempt < attempts ? 'failed' : 'completed', label: `attempt ${attempt} of 3` });
        from = to;
        if (attempt < attempts) spans.push({ kind: 'backoff', from, to: (from += 500 + Math.floor(random.next() * 3_000)), status: 'retrying', label: 'waits before the next attempt' });
      }
    }
    const id = `step-${index}`;
    rows.push({ id, name: ['settings', 'scan', 'lines', 'folders', 'approve', 'history', 'report'][index % 7]! + (index > 6 ? `-${index}` : ''), status: 'completed', spans });
    if (index % 5 === 2) {
      for (let item = 0; item < items; item++) {
        const start = spans[0]!.from + item * 120;
        const status = item % 4 === 3 ? 'failed' : 'completed';
        rows.push({ id: `${id}[${item}]`, name: `${item}`, parent: id, status, spans: [{ kind: 'attempt', from: start, to: start + 300 + Math.floor(random.next() * 900), status, label: 'attempt 1 of 1' }] });
      }
    }
    at = spans.at(-1)!.to!;
  }
  rows.push({ id: 'last', name: 'publish', status: 'running', spans: [{ kind: 'queued', from: at, to: at + 900, status: 'pending', label: 'waits for a slot' }, { kind: 'attempt', from: at + 900, to: null, status: 'running', label: 'attempt 1 of 3' }] });
  return { rows, now: at + 2_400 };
}
