import * as flowstone from 'flowstone';
import * as sqlite from 'flowstone/sqlite';
import { measureStep } from '../../harness/measure-step.ts';
import { openChainOf } from '../../harness/open-chain.ts';
import type { Run } from '../../harness/trial.ts';
import type { StepParameters } from '../../trials/step.ts';

const run: Run<StepParameters> = (parameters, { directory }) => measureStep(openChainOf({ flowstone, sqlite }), parameters, directory);

export default run;
