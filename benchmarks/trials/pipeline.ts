import type { Durability, Trial } from '../harness/trial.ts';

export interface PipelineParameters {
  /** How long every one of the 61 tasks takes, beside what storing it costs. */
  readonly taskMs: number;
  /** Bytes that all documents of a run have together. */
  readonly documentBytes: number;
  /** Runs on each of the two stores, in turns. */
  readonly runs: number;
  readonly durability: Durability;
}

const mega = 1_000_000;

/** What it costs to persist everything: the example pipeline on SQLite and on the memory store, in turns in one process. */
export const pipeline: Trial<PipelineParameters> = {
  name: 'pipeline',
  side: 'pipeline',
  title: 'Persisting a planning pipeline',
  about:
    'docs/examples/planning-pipeline.yml, 61 tasks of a given length with their documents and recorded calls of a model, on SQLite and on the memory store in turns in one process. The ratio is of medians.',
  measures: [
    { key: 'ratio', label: 'SQLite / memory', better: 'lower' },
    { key: 'sqliteMs', label: 'SQLite, ms', better: 'lower' },
    { key: 'memoryMs', label: 'memory, ms', better: 'lower' },
  ],
  cases: size => {
    const runs = size === 'quick' ? 1 : size === 'normal' ? 7 : 15;
    const shapes: readonly (readonly [taskMs: number, megabytes: number, durability: Durability])[] =
      size === 'quick' ? [[20, 0.6, 'power']] : [[20, 0.6, 'power'], [20, 0.6, 'process'], [20, 7, 'power'], [1, 0.6, 'power'], [1, 0.6, 'process']];
    return shapes.map(([taskMs, megabytes, durability]) => ({
      label: `tasks of ${taskMs} ms, ${megabytes} MB of documents, ${durability}`,
      parameters: { taskMs, documentBytes: megabytes * mega, runs, durability },
    }));
  },
};
