import type { Trial } from '../harness/trial.ts';

export interface LongFlowParameters {
  readonly steps: number;
  /** Steps at each end that are compared. */
  readonly window: number;
}

/** Whether a step costs more the longer the flow is. */
export const longFlow: Trial<LongFlowParameters> = {
  name: 'long-flow',
  side: 'long-flow',
  title: 'One long flow',
  about: 'One flow whose steps run one after the other, durability `process`; the steps at its end are compared with those at its beginning. A second such flow is measured, after a first one warmed up.',
  measures: [
    { key: 'usPerStep', label: 'µs/step', better: 'lower' },
    { key: 'firstUs', label: 'first ones, µs/step', better: 'lower' },
    { key: 'lastUs', label: 'last ones, µs/step', better: 'lower' },
    { key: 'growth', label: 'last ÷ first', better: 'lower' },
  ],
  cases: size => {
    const steps = size === 'quick' ? 200 : 10_000;
    const window = steps / 10;
    return [{ label: `${steps} steps, ${window} at each end`, parameters: { steps, window } }];
  },
};
