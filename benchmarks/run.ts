/** `npm run bench`: trial × case × contestant, each run in a process of its own, in turns. See docs/internals/benchmarks.md. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './harness/machine.ts';
import { parseOptions, usage } from './harness/options.ts';
import type { BenchOptions } from './harness/options.ts';
import { planRun } from './harness/plan.ts';
import type { PlannedCase } from './harness/plan.ts';
import { renderMachine, renderTrial } from './harness/report.ts';
import type { Row } from './harness/report.ts';
import { runCell } from './harness/run-cell.ts';
import { unpackPackage } from './harness/unpack-package.ts';
import type { Outcome } from './harness/run-cell.ts';
import { trials } from './trials/all.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const resultsFolder = join(root, 'benchmarks/results');
const timeLimitMs = 15 * 60_000;

/** Contestants of one case in turns (A B A B), so that a slow minute of the machine meets all of them. */
async function runCase(planned: PlannedCase, { iterations, nodeOptions }: BenchOptions, scratch: string, environment: { [name: string]: string }): Promise<Row[]> {
  const outcomes = new Map<string, Outcome[]>(planned.contestants.map(({ name }) => [name, []]));
  for (let iteration = 0; iteration < iterations; iteration++) {
    for (const { name, file } of planned.contestants) {
      const outcome = await runCell({ file, parameters: planned.parameters, scratch, timeLimitMs, environment, nodeOptions });
      outcomes.get(name)?.push(outcome);
      process.stderr.write('measured' in outcome ? '.' : `\n${name}: ${'skipped' in outcome ? outcome.skipped : outcome.failed}\n`);
    }
  }
  return [...outcomes].map(([contestant, list]) => ({ trial: planned.trial.name, case: planned.label, contestant, outcomes: list }));
}

interface Server {
  readonly url?: string;
  readonly version?: string;
  /** Why there is none. */
  readonly reason?: string;
  readonly stop: () => void;
}

async function startPostgres(scratch: string): Promise<Server> {
  const module = (await import(new URL('peers/postgres.mjs', import.meta.url).href)) as { startPostgres: (folder: string) => Promise<Server> };
  return module.startPostgres(scratch);
}

/** The peers' versions in one line. */
function describePeers({ version, reason }: Server): string {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'benchmarks/peers/package.json'), 'utf8')) as { dependencies: { [name: string]: string } };
  return [...Object.entries(dependencies).map(([name, pinned]) => `${name} ${pinned}`), version ?? `no PostgreSQL (${reason})`].join(', ');
}

async function run(options: BenchOptions): Promise<boolean> {
  const planned = planRun({
    trials, size: options.size, field: options.field,
    onlyTrials: options.trials, onlyContestants: options.contestants, onlyCases: options.cases, against: options.against !== undefined,
  });
  if (options.list) {
    for (const { trial, label, contestants } of planned) console.log(`${trial.name}: ${label}: ${contestants.map(({ name }) => name).join(', ')}`);
    return true;
  }
  if (planned.length === 0) {
    console.error('Nothing matches: see --list for the names of trials, cases and contestants');
    return false;
  }
  if (options.build) execFileSync(process.execPath, [join(root, '.ci/build.ts')], { cwd: root, stdio: 'inherit' });

  const environment = { ...(options.against !== undefined && { BENCH_AGAINST: unpackPackage(resolve(options.against)) }) };
  const scratch = mkdtempSync(join(options.scratch ?? tmpdir(), 'flowstone-bench-'));
  const postgres = options.field === 'peers' ? await startPostgres(scratch) : undefined;
  const clean = (): void => {
    postgres?.stop();
    rmSync(scratch, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      clean();
      process.exit(130);
    });
  }
  try {
    const begun = new Date();
    const machine = describeMachine(scratch, begun);
    const name = join(resultsFolder, begun.toISOString().slice(0, 19).replaceAll(':', ''));
    mkdirSync(resultsFolder, { recursive: true });
    const peers = [...(postgres ? [describePeers(postgres)] : []), ...(options.against === undefined ? [] : [`against: ${basename(options.against)}`])].join('; ');
    const head = renderMachine(machine, options.iterations, peers);
    console.log(head);
    const rows: Row[] = [];
    const sections: string[] = [head];
    for (const trial of new Set(planned.map(({ trial: each }) => each))) {
      const ofTrial: Row[] = [];
      for (const each of planned.filter(({ trial: other }) => other === trial)) {
        ofTrial.push(...(await runCase(each, options, scratch, { ...environment, ...(postgres?.url && { BENCH_POSTGRES: postgres.url }) })));
      }
      process.stderr.write('\n');
      const section = renderTrial(trial, ofTrial);
      console.log(section);
      sections.push(section);
      rows.push(...ofTrial);
      // After every trial, so that a run that is broken off leaves what it has.
      writeFileSync(`${name}.json`, JSON.stringify({ machine, peers, size: options.size, iterations: options.iterations, rows }, undefined, 1));
      writeFileSync(`${name}.md`, sections.join('\n'));
    }
    console.log(`Written to ${name}.md and .json`);
    return rows.every(({ outcomes }) => outcomes.every(outcome => !('failed' in outcome)));
  } finally {
    clean();
  }
}

/** What the command line asks for; undefined when it asks for help or makes no sense, which is printed. */
function readOptions(args: readonly string[]): BenchOptions | undefined {
  if (args.includes('--help')) return void console.log(usage);
  try {
    return parseOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
  }
}

const options = readOptions(process.argv.slice(2));
if (options && !(await run(options))) process.exitCode = 1;
