import type { Run } from '../../harness/trial.ts';
import type { FlowsParameters } from '../../trials/flows.ts';
import { writeFlows } from '../floor/flows.ts';

const run: Run<FlowsParameters> = (parameters, { directory }) => writeFlows(parameters, directory, false);

export default run;
