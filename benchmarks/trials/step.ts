import { computeLeast } from '../harness/report.ts';
import type { Trial } from '../harness/trial.ts';

export interface StepParameters {
  readonly steps: number;
  /** Flows that are measured; half as many are run before. */
  readonly flows: number;
  /** Flows whose pages are counted: the same in every size, so that the number is, too. */
  readonly counted: number;
}

/** What a durable step costs beside things that do not move: a release that is packed, and a workload of two rows per step. */
export const step: Trial<StepParameters> = {
  name: 'step',
  side: 'step',
  title: 'Cost of a step',
  about:
    'CPU of the process (user and system) per step of a chain, 64 flows at once, until `stop()` has ended, warm; bytes per step after a checkpoint; ' +
    'pages that a commit writes to the log, counted frame by frame; and of one flow of 60 steps alone the commits that write the journal and nothing ' +
    'else, without the first and the last. `fixed`: per step one INSERT of its output and one journal row, one commit per tick. `against`: the package given with --against.',
  measures: [
    { key: 'cpuUsPerStep', label: 'CPU, µs/step', better: 'lower' },
    { key: 'bytesPerStep', label: 'bytes/step', better: 'lower' },
    { key: 'pagesPerCommit', label: 'pages/commit', better: 'lower' },
    { key: 'journalOnlyPercent', label: 'commits of the journal alone, %', better: 'higher' },
  ],
  compare: 'least',
  cases: size => [
    { label: 'chain of 4', parameters: { steps: 4, flows: size === 'quick' ? 1_500 : 12_000, counted: 1_024 } },
    { label: 'chain of 60', parameters: { steps: 60, flows: size === 'quick' ? 150 : 1_200, counted: 128 } },
  ],
  summarise: rows => {
    const cases = [...new Set(rows.map(row => row.case))];
    return cases.flatMap(name => {
      const least = (contestant: string): number | undefined => {
        const row = rows.find(other => other.case === name && other.contestant === contestant);
        return row && computeLeast(row, 'cpuUsPerStep');
      };
      const own = least('flowstone');
      const beside = [['the fixed workload', least('fixed')], ['the package it is held against', least('against')]] as const;
      const told = beside.flatMap(([other, cost]) => (own === undefined || cost === undefined ? [] : [`${(own / cost).toFixed(2)} × ${other}`]));
      return told.length === 0 ? [] : [`- ${name}, least of the rounds: ${told.join(', ')}`];
    });
  },
};
