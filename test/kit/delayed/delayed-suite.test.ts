import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { otherFiles, quickFiles, runDelayed } from './run-delayed.ts';
import { skips } from './skips.ts';

const root = resolve(import.meta.dirname, '../../..');

describe('the suites of flows, queues and actors over stores that answer later, in any order', () => {
  it('pass', async () => {
    const { passed, failed, skipped } = await runDelayed(1, quickFiles, false);
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(300);
    expect(skipped).toBe(0);
  });

  it('leave nothing out', () => {
    for (const file of [...quickFiles, ...otherFiles]) expect(existsSync(resolve(root, file)), file).toBe(true);
    expect(skips).toEqual([]);
  });
});
