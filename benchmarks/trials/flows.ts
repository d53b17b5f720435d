import { readFileSync } from 'node:fs';
import type { Durability, Field, Measure, Size } from '../harness/trial.ts';

/** Flows of trivial steps, some at once: the parameters of the trials `chain` and `dag`. */
export interface FlowsParameters {
  /** One entry per step: the positions of the steps it depends on, all before it. */
  readonly dependsOn: readonly (readonly number[])[];
  readonly atOnce: number;
  /** Flows that are measured. */
  readonly flows: number;
  /** Flows that are run before. */
  readonly warmUp: number;
  readonly durability: Durability;
}

export const flowMeasures = [
  { key: 'stepsPerSecond', label: 'steps/s', better: 'higher' },
  { key: 'usPerStep', label: 'µs/step', better: 'lower' },
  { key: 'msPerFlow', label: 'ms/flow', better: 'lower' },
  { key: 'p50Ms', label: 'flow p50, ms', better: 'lower' },
  { key: 'p99Ms', label: 'flow p99, ms', better: 'lower' },
  { key: 'bytesPerStep', label: 'bytes/step on disk', better: 'lower' },
] as const satisfies readonly Measure[];

export const toChain = (steps: number): number[][] => Array.from({ length: steps }, (_, index) => (index === 0 ? [] : [index - 1]));

/** The 61 tasks and 347 dependencies of a real planning pipeline. */
export function readPipeline(): number[][] {
  const text = readFileSync(new URL('../data/planexe.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { tasks: { dependsOn: number[] }[] }).tasks.map(({ dependsOn }) => dependsOn);
}

/** How many flows to run before: compiling takes V8 about a second, which is no part of what a long-lived process costs. */
export const toWarmUp = (size: Size, flows: number): number => (size === 'quick' ? Math.ceil(flows / 4) : flows);

/** How many flows to measure, so that a run takes about a second; beside the peers several, for them. */
export function toFlowCount(size: Size, field: Field, atOnce: number, steps: number): number {
  const wanted = size === 'quick' ? 40 : field === 'peers' ? 4_000 : size === 'normal' ? 20_000 : 40_000;
  const least = size === 'quick' ? Math.min(atOnce, 20) : atOnce * 2;
  return Math.max(least, Math.ceil((atOnce === 1 ? wanted / 10 : wanted) / steps));
}

/** Peers also run as they come, without a durability asked for. */
export const listDurabilities = (size: Size, field: Field): readonly Durability[] =>
  field === 'peers' ? ['default', 'process', 'power'] : size === 'quick' ? ['power'] : ['process', 'power'];
