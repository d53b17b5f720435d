import { parseArgs } from 'node:util';
import type { Field, Size } from './trial.ts';

/** What the command line asks for. */
export interface BenchOptions {
  readonly size: Size;
  readonly field: Field;
  readonly iterations: number;
  readonly trials: readonly string[];
  readonly contestants: readonly string[];
  readonly cases: readonly string[];
  /** Folder for the databases. */
  readonly scratch: string | undefined;
  readonly build: boolean;
  readonly nodeOptions: readonly string[];
  readonly list: boolean;
  /** A packed release that takes part beside Flowstone, where a trial has a side for it. */
  readonly against: string | undefined;
}

export const usage = `node benchmarks/run.ts [TRIAL...] [options]
  --against FILE.tgz     a packed release beside Flowstone, in the trial "step"
  --quick                one iteration of everything, small
  --full                 the largest sizes (1,000,000 sleeping flows)
  --peers                beside the peers (npm run bench:peers installs them)
  --iterations N         rounds: runs of each contestant on each case, in turns (default 3)
  --trial NAME           only this trial (or beginning of a name); may be repeated
  --contestant NAME      only this contestant; may be repeated
  --case TEXT            only cases whose label contains the text; may be repeated
  --scratch FOLDER       where the databases go (default: the system's temporary folder)
  --node-option OPTION   given to each measured process, as --node-option=--cpu-prof
  --no-build             use dist/ as it is
  --list                 print what would run`;

/** @throws a TypeError with the option's name for one that does not exist or is no number. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      iterations: { type: 'string' },
      trial: { type: 'string', multiple: true, default: [] },
      contestant: { type: 'string', multiple: true, default: [] },
      case: { type: 'string', multiple: true, default: [] },
      scratch: { type: 'string' },
      'node-option': { type: 'string', multiple: true, default: [] },
      'no-build': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      against: { type: 'string' },
    },
  });
  const iterations = Number(values.iterations ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(iterations) || iterations < 1) {
    throw new TypeError(`Expected --iterations to be an integer ≥ 1, got \`${values.iterations}\``);
  }
  return {
    size: values.quick ? 'quick' : values.full ? 'full' : 'normal',
    field: values.peers ? 'peers' : 'own',
    iterations,
    trials: [...positionals, ...values.trial],
    contestants: values.contestant,
    cases: values.case,
    scratch: values.scratch,
    build: !values['no-build'],
    nodeOptions: values['node-option'],
    list: values.list,
    against: values.against,
  };
}
