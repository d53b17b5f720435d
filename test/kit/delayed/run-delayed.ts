import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const root = resolve(import.meta.dirname, '../../..');

const within = (folder: string, names: readonly string[]): string[] => names.map(name => `${folder}/${name}.test.ts`);

/** Files that are quick, and share what they import: a seed of all of them is some seconds. */
export const quickFiles = [
  ...within('test/runtime', [
    'abort-reason', 'always-steps', 'assertions', 'consolidation', 'fair-turns', 'feed', 'flow', 'flow-progress', 'generations-consolidated', 'graceful-stop', 'handlers', 'idempotency-keys', 'list',
    'machine-step-signals', 'machine-steps', 'modes', 'new-definition', 'recall', 'recover', 'restart', 'retention', 'retry', 'retry-items', 'stop', 'stored-child-flows', 'timeout', 'timers', 'unknown-signals',
  ]),
  ...within('test/queue', ['care', 'handling', 'instances', 'leases', 'request-and-reply', 'with-flows']),
  ...within('test/machine-host', ['actions', 'blocked', 'machine-changes', 'promises', 'retention', 'spawned-by-value', 'stored-actors', 'stored-values']),
];

/** Files that replace modules for themselves, or wait long. */
export const otherFiles = [
  ...within('test/runtime', ['back-off', 'deep-child-flows', 'fan-out', 'inspected-actor', 'inspection', 'machine-calls', 'known-options', 'postpone', 'recover-steps', 'signal-room', 'turn-room']),
  ...within('test/queue', ['alarms', 'join', 'outbox']),
  ...within('test/machine-host', ['durable', 'error-causes', 'handle', 'inspection', 'large-values', 'odd-values', 'people', 'reference', 'services', 'spawn-options']),
];

/** What became of a run of a suite over stores that answer later. */
export interface DelayedRun {
  readonly passed: number;
  readonly skipped: number;
  /** Names of tests that failed. */
  readonly failed: readonly string[];
}

interface Report {
  readonly testResults: readonly { readonly name: string; readonly message?: string; readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[] }[];
}

/** Runs files in a process of their own. @param isolated each file has its own copy of what it imports */
export async function runDelayed(seed: number, files: readonly string[], isolated: boolean): Promise<DelayedRun> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'delayed-'));
  const report = join(folder, 'report.json');
  const args = [vitest, 'run', '-c', join(root, 'test/kit/delayed/vitest-config.ts'), '--reporter=json', `--outputFile=${report}`, '--maxWorkers=1', ...(isolated ? [] : ['--no-isolate']), ...files];
  // With CI the configuration would write a report where that of the whole run goes.
  const { NODE_OPTIONS: _, VITEST: __, CI: ___, ...env } = process.env;
  const printed = await new Promise<string>(done => void execFile(process.execPath, args, { cwd: root, maxBuffer: 2 ** 28, env: { ...env, DELAY_SEED: String(seed) } }, (_error, stdout, stderr) => done(`${stdout}${stderr}`)));
  if (!existsSync(report)) throw new Error(`The suite was not run: ${stripVTControlCharacters(printed).slice(-2_000)}`);
  const text = readFileSync(report, 'utf8');
  rmSync(folder, { recursive: true });
  const { testResults } = JSON.parse(text) as Report;
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  // A file that cannot be loaded has no tests, and a message.
  const broken = testResults.filter(({ assertionResults, message }) => assertionResults.length === 0 && (message ?? '') !== '').map(({ name }) => name);
  return {
    passed: all.filter(({ status }) => status === 'passed').length,
    skipped: all.filter(({ status }) => status !== 'passed' && status !== 'failed').length,
    failed: [...broken, ...all.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)],
  };
}
