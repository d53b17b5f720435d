import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { makeReference, runPipelineKills } from '../torture/pipeline-kills.ts';
import { makePlan, openPipeline, readTree } from '../torture/pipeline-run.ts';
import { recordCommits } from './crash-kit.ts';
import { expectSound } from './expect-sound.ts';

describe('the planning pipeline, its output folder wiped each time', () => {
  it('makes byte-identical files after a crash at each of 20 random commits, and runs no completed task twice', async () => {
    const reference = await makeReference();
    expect(reference.length).toBeGreaterThan(108);
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-plan-crashes-'));
    try {
      const { store, copies } = recordCommits(createMemoryStore());
      const runtime = await openPipeline({ store, outputDir: join(folder, 'whole') }, () => {});
      await makePlan(runtime);
      await runtime.stop();
      const random = createSeededRandom(process.env['CI'] ? 1 : Date.now());
      const points = new Set<number>();
      while (points.size < 20) points.add(Math.floor(random.next() * copies.length));
      for (const point of points) {
        const { store: crashed } = copies[point] as (typeof copies)[number];
        const complete = new Set(crashed.listExecutions({}).flatMap(({ key }) => crashed.listSteps(key)).filter(({ status }) => status === 'completed').map(({ stepId }) => stepId));
        const again: string[] = [];
        // A folder of its own, empty: what the dead process had written is gone.
        const outputDir = join(folder, String(point));
        const successor = await openPipeline({ store: crashed, outputDir: () => outputDir }, ({ stepId }) => again.push(stepId));
        await makePlan(successor, outputDir);
        await successor.stop();
        expect([point, again.filter(stepId => complete.has(stepId))]).toEqual([point, []]);
        expect([point, readTree(outputDir)]).toEqual([point, reference]);
        await expectSound(crashed.reopen());
        rmSync(outputDir, { recursive: true });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('does so after SIGKILL, too', async () => {
    const { kills, complaints } = await runPipelineKills({ seed: 7, kills: 3 });
    expect(complaints).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(2);
  });
});
