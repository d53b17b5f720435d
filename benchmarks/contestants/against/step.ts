import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { measureStep } from '../../harness/measure-step.ts';
import { openChainOf } from '../../harness/open-chain.ts';
import type { Run } from '../../harness/trial.ts';
import type { StepParameters } from '../../trials/step.ts';

/** The package given with `--against`, unpacked. */
const run: Run<StepParameters> = async (parameters, { directory }) => {
  const root = process.env['BENCH_AGAINST'];
  if (root === undefined) throw Object.assign(new Error('no package is given with --against'), { name: 'Skipped' });
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: { [entry: string]: { default: string } } };
  const load = async (entry: string): Promise<unknown> => import(pathToFileURL(join(root, exports[entry]?.default ?? '')).href);
  const flowstone = (await load('.')) as typeof import('flowstone');
  const sqlite = (await load('./sqlite')) as typeof import('flowstone/sqlite');
  return measureStep(openChainOf({ flowstone, sqlite }), parameters, directory);
};

export default run;
