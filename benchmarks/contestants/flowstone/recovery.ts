import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measurements, Run } from '../../harness/trial.ts';
import type { RecoveryParameters } from '../../trials/recovery.ts';

const script = fileURLToPath(new URL('unfinished-flows.mjs', import.meta.url));

/** The processes are plain JavaScript on the built package, so that no time goes into stripping types. */
function runProcess(role: 'leave' | 'recover', file: string, flows: number): ReturnType<typeof spawnSync> {
  const begun = performance.timeOrigin + performance.now();
  return spawnSync(process.execPath, [script, role, file, String(flows), String(begun)], { encoding: 'utf8', timeout: 300_000 });
}

const run: Run<RecoveryParameters> = ({ flows }, { directory }) => {
  const file = join(directory, 'app.db');
  const left = runProcess('leave', file, flows);
  if (left.signal !== 'SIGKILL') throw new Error(`Expected the first process to kill itself, it ended with ${left.status}: ${left.stderr}`);
  const { stdout, stderr } = runProcess('recover', file, flows);
  const line = String(stdout).trimEnd().split('\n').at(-1);
  if (!line?.startsWith('{')) throw new Error(`The second process gave no answer: ${stderr}`);
  return JSON.parse(line) as Measurements;
};

export default run;
