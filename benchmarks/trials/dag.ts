import type { Trial } from '../harness/trial.ts';
import { flowMeasures, listDurabilities, readPipeline, toFlowCount, toWarmUp } from './flows.ts';
import type { FlowsParameters } from './flows.ts';

const [stepsPerSecond, usPerStep, msPerFlow, ...rest] = flowMeasures;

/** The task graph of a real planning pipeline. */
export const dag: Trial<FlowsParameters> = {
  name: 'dag',
  side: 'flows',
  title: 'Graph of 61 tasks',
  about: '61 trivial steps with 347 dependencies, the task graph of a planning pipeline. `ms/flow` is time divided by flows.',
  measures: [msPerFlow, stepsPerSecond, usPerStep, ...rest],
  cases: (size, field) =>
    (size === 'quick' || field === 'peers' ? [64] : [1, 64]).flatMap(atOnce =>
      listDurabilities(size, field).map(durability => {
        const dependsOn = readPipeline();
        const flows = toFlowCount(size, field, atOnce, dependsOn.length);
        return {
          label: `${atOnce} at once, ${durability}`,
          parameters: { dependsOn, atOnce, flows, warmUp: toWarmUp(size, flows), durability },
        };
      }),
    ),
};
