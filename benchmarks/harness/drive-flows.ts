import { computePercentile } from './statistics.ts';
import type { Measurements } from './trial.ts';

export interface DriveFlowsParams {
  readonly flows: number;
  readonly atOnce: number;
  readonly stepsPerFlow: number;
  /** Runs one flow to its end. */
  readonly runFlow: () => Promise<unknown>;
}

/** Keeps `atOnce` flows under way until `flows` have ended; measures speed and the time of each flow. */
export async function driveFlows({ flows, atOnce, stepsPerFlow, runFlow }: DriveFlowsParams): Promise<Measurements> {
  const taken: number[] = [];
  let left = flows;
  const keepGoing = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const begun = performance.now();
      await runFlow();
      taken.push(performance.now() - begun);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: Math.min(atOnce, flows) }, keepGoing));
  return { ...toSpeed(performance.now() - begun, flows, stepsPerFlow), p50Ms: computePercentile(taken, 0.5), p99Ms: computePercentile(taken, 0.99) };
}

/** Speed in the units the tables have. */
export function toSpeed(elapsedMs: number, flows: number, stepsPerFlow: number): Measurements {
  const steps = flows * stepsPerFlow;
  return { stepsPerSecond: (steps / elapsedMs) * 1_000, usPerStep: (elapsedMs / steps) * 1_000, msPerFlow: elapsedMs / flows };
}
