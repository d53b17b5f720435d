import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { computeSpread } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import type { ColdStartParameters } from '../../trials/cold-start.ts';

const bin = fileURLToPath(new URL('../../../dist/src/bin.js', import.meta.url));

/** Time of a whole process, ms. */
function measureProcess(args: readonly string[]): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const took = performance.now() - begun;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return took;
}

const run: Run<ColdStartParameters> = ({ command, runs }, { directory }) => {
  const flow = join(directory, 'one-step.yml');
  const tools = join(directory, 'tools.mjs');
  writeFileSync(flow, 'id: one-step\nsteps:\n  - id: only\n    uses: tool:work\n');
  writeFileSync(tools, 'export const work = () => ({ ok: true });\n');
  const times: number[] = [];
  const nodeTimes: number[] = [];
  for (let index = -1; index < runs; index++) {
    const nodeMs = measureProcess(['-e', '0']);
    const ms = measureProcess(command === 'version' ? [bin, '--version'] : [bin, 'run', flow, '--tools', tools, '--db', join(directory, `${index}.db`), '--json']);
    if (index < 0) continue;
    times.push(ms);
    nodeTimes.push(nodeMs);
  }
  const ms = computeSpread(times).median;
  const nodeMs = computeSpread(nodeTimes).median;
  return { ms, nodeMs, ratio: ms / nodeMs };
};

export default run;
