import type { Trial } from '../harness/trial.ts';
import { flowMeasures, listDurabilities, toChain, toFlowCount, toWarmUp } from './flows.ts';
import type { FlowsParameters } from './flows.ts';

/** Steps one after the other, the shape everybody can run. */
export const chain: Trial<FlowsParameters> = {
  name: 'chain',
  side: 'flows',
  title: 'Chain of steps',
  about:
    'Flows whose steps run one after the other; each returns about 120 bytes and does nothing else. `at once`: flows under way at ' +
    'any time. `bytes/step`: what the database file grew by after a checkpoint, per step.',
  measures: flowMeasures,
  cases: (size, field) => {
    const lengths = field === 'peers' || size === 'quick' ? [4] : [4, 60];
    const together = field === 'peers' ? [64] : size === 'quick' ? [1, 64] : [1, 64, 1_000];
    const cases = lengths.flatMap(steps => together.map(atOnce => ({ steps, atOnce })));
    return cases.flatMap(({ steps, atOnce }) =>
      listDurabilities(size, field).map(durability => {
        const flows = toFlowCount(size, field, atOnce, steps);
        return {
          label: `${steps} steps, ${atOnce} at once, ${durability}`,
          parameters: { dependsOn: toChain(steps), atOnce, flows, warmUp: toWarmUp(size, flows), durability },
        };
      }),
    );
  },
};
