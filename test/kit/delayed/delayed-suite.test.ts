import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { otherFiles, quickFiles, runDelayed } from './run-delayed.ts';
import { leftOut, skips } from './skips.ts';

const root = resolve(import.meta.dirname, '../../..');

describe('the suite of the runtime over stores that answer later, in any order', () => {
  it('passes, but for what is named with a reason', async () => {
    const { passed, failed, skipped } = await runDelayed(1, quickFiles, false);
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(150);
    const skippedHere = skips.filter(({ file }) => quickFiles.includes(file)).reduce((sum, { tests }) => sum + (tests?.length ?? 0), 0);
    expect(skipped).toBe(skippedHere);
  });

  it('leaves out nothing but machines and queues', () => {
    for (const file of [...quickFiles, ...otherFiles, ...skips.map(skip => skip.file), ...leftOut.map(({ folder }) => folder)]) expect(existsSync(resolve(root, file)), file).toBe(true);
    expect([...skips, ...leftOut].filter(({ reason }) => !/^(?:Machines|Queues) refuse a store/.test(reason))).toEqual([]);
  });
});
