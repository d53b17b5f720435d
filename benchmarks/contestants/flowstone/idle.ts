import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measurements, Run } from '../../harness/trial.ts';
import type { IdleParameters } from '../../trials/idle.ts';
import { prepareSleeping } from './run-prepare.ts';

const script = fileURLToPath(new URL('idle-process.mjs', import.meta.url));

const run: Run<IdleParameters> = ({ sleeping, seconds }, { directory }) => {
  const file = join(directory, 'app.db');
  prepareSleeping(file, sleeping);
  return JSON.parse(execFileSync(process.execPath, [script, file, String(seconds)], { encoding: 'utf8' })) as Measurements;
};

export default run;
