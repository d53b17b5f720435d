import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Field, Size, Trial } from './trial.ts';

/** One case of one trial and everybody who runs it, in the order in which they take turns. */
export interface PlannedCase {
  readonly trial: Trial;
  readonly label: string;
  readonly parameters: unknown;
  readonly contestants: readonly { readonly name: string; readonly file: string }[];
}

export interface PlanParams {
  readonly trials: readonly Trial[];
  readonly size: Size;
  readonly field: Field;
  /** Names, or beginnings of names, of those wanted; empty: all. */
  readonly onlyTrials: readonly string[];
  readonly onlyContestants: readonly string[];
  /** Whether there is a package to be held against. Default: no. */
  readonly against?: boolean;
  /** Part of the case's label; empty: all. */
  readonly onlyCases: readonly string[];
}

const folders = {
  own: { path: '../contestants', names: ['flowstone', 'against', 'fixed', 'floor', 'floor-ungrouped', 'xstate', 'xstate-tree'] },
  peers: { path: '../peers', names: ['openworkflow', 'langgraph', 'dbos', 'pg-boss', 'plainjob', 'liteque'] },
} as const;

const matches = (wanted: readonly string[], name: string): boolean =>
  wanted.length === 0 || wanted.some(part => name === part || name.startsWith(part));

/** Who has a file for the trial's side takes part in it. */
function listContestants(side: string, field: Field): { name: string; file: string }[] {
  const taking = field === 'peers' ? [folders.own, folders.peers] : [folders.own];
  return taking.flatMap(({ path, names }) =>
    names.flatMap(name => {
      const found = ['ts', 'mjs']
        .map(extension => fileURLToPath(new URL(`${path}/${name}/${side}.${extension}`, import.meta.url)))
        .find(file => existsSync(file));
      return found ? [{ name, file: found }] : [];
    }),
  );
}

/** Trial × case × contestant, less what the filters leave out. */
export function planRun({ trials, size, field, onlyTrials, onlyContestants, onlyCases, against = false }: PlanParams): PlannedCase[] {
  return trials
    .filter(trial => matches(onlyTrials, trial.name))
    .flatMap(trial => {
      const contestants = listContestants(trial.side, field).filter(({ name }) => matches(onlyContestants, name) && (against || name !== 'against'));
      return trial
        .cases(size, field)
        .filter(({ label }) => onlyCases.length === 0 || onlyCases.some(part => label.includes(part)))
        .map(({ label, parameters }) => ({ trial, label, parameters, contestants }));
    })
    .filter(({ contestants }) => contestants.length > 0);
}
