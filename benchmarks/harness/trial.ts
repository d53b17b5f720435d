import type { Row } from './report.ts';

/** How large a run is: `quick` for CI (seconds), `normal` (minutes), `full` (the sizes that take long). */
export type Size = 'quick' | 'normal' | 'full';

/**
 * What a commit survives: `process` kill -9 (synchronous NORMAL), `power` a power cut (synchronous FULL), `default`
 * whatever the contestant does when nobody asks.
 */
export type Durability = 'process' | 'power' | 'default';

/** What one process measured, by the name of the measure. */
export type Measurements = { readonly [measure: string]: number };

/** A column of a trial's table. */
export interface Measure {
  readonly key: string;
  /** As `steps/s`, `µs/step`. */
  readonly label: string;
  readonly better: 'higher' | 'lower';
}

/** One shape of a trial; `parameters` reach the contestant as JSON. */
interface Case<Parameters = unknown> {
  readonly label: string;
  readonly parameters: Parameters;
}

export interface Trial<Parameters = unknown> {
  readonly name: string;
  /** File name of the contestants' side: `contestants/<contestant>/<side>.ts`. Who has no such file does not take part. */
  readonly side: string;
  readonly title: string;
  /** What is done and what is measured, one or two sentences. */
  readonly about: string;
  /** The first one is what ratios are made of. */
  readonly measures: readonly [Measure, ...Measure[]];
  /** False where the process that is measured is not the one that reports. Default true: a column with its peak RSS. */
  readonly memory?: boolean;
  /** What ratios are made of: the median of the runs (the default), or the least, where whatever else runs can only add. */
  readonly compare?: 'median' | 'least';
  /** Lines below the table. */
  readonly summarise?: (rows: readonly Row[]) => readonly string[];
  cases(size: Size, field: Field): readonly Case<Parameters>[];
}

/** Who runs: Flowstone beside its floor, or beside its peers as well. */
export type Field = 'own' | 'peers';

/** What a contestant gets beside the parameters. */
interface Context {
  /** A new, empty folder; deleted afterwards. */
  readonly directory: string;
}

/**
 * A contestant's side of a trial: the default export of its file. Warms itself, then measures. One that cannot run here throws an
 * error with the name `Skipped`; its message is printed in place of numbers.
 */
export type Run<Parameters> = (parameters: Parameters, context: Context) => Promise<Measurements> | Measurements;
