import { readFileSync } from 'node:fs';
import prettyMs from 'pretty-ms';
import { expect, it } from 'vitest';
import { computeBackoff } from '../../src/core/backoff.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';

it('the delay table of docs/guides/queues.md is what the defaults come to', () => {
  const { backoff } = defineQueue({ name: 'any', maxAttempts: 8 });
  let total = 0;
  const rows = Array.from({ length: 7 }, (_, index) => {
    const wait = computeBackoff({ ...backoff, jitter: 'none' }, index + 1, 0);
    total += wait;
    const format = (ms: number): string => prettyMs(ms).replace(/^(\d+)s$/, '$1 s');
    return `| ${index + 1} | ${format(wait)} | ${format(total)} |`;
  });
  expect(readFileSync(new URL('../../docs/guides/queues.md', import.meta.url), 'utf8')).toContain(`| after attempt | waits at most | in all |\n|---|---|---|\n${rows.join('\n')}\n`);
});
