import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '..');

interface Server {
  readonly url?: string;
  /** Why there is none. */
  readonly reason?: string;
  readonly stop: () => void;
}

async function startServer(scratch: string): Promise<Server> {
  const module = (await import(new URL('../peers/postgres.mjs', import.meta.url).href)) as { startPostgres: (scratch: string) => Promise<Server> };
  return module.startPostgres(scratch);
}

/** What a program of the order did, killed once and started again. */
export interface OrderRun {
  readonly name: string;
  /** Path of the program, from the checkout. */
  readonly file: string;
  /** Lines that are neither empty, nor comments, nor imports. */
  readonly lines: number;
  /** What was done in the world outside, over both runs; undefined: it could not be run here. */
  readonly done: readonly string[] | undefined;
  /** What the second run printed, or why there was none. */
  readonly answer: string;
}

const programs = [
  { name: 'Flowstone', file: 'order/flowstone.mjs' },
  { name: 'openworkflow', file: 'peers/order/openworkflow.mjs' },
  { name: 'DBOS', file: 'peers/order/dbos.mjs', needsPostgres: true },
  { name: 'LangGraph', file: 'peers/order/langgraph.mjs' },
  { name: 'plainjob', file: 'peers/order/plainjob.mjs' },
] as const;

/** Whether the peers are installed: `npm ci --prefix benchmarks/peers`. */
export const hasPeers = (): boolean => existsSync(join(folder, 'peers/node_modules/openworkflow/package.json'));

function countLines(source: string): number {
  return source.split('\n').filter(line => line.trim() !== '' && !line.startsWith('//') && !line.startsWith('import ')).length;
}

/** Runs the order in each: until the card is charged, where it is killed with SIGKILL, and once more. */
export async function compareOrders(): Promise<OrderRun[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'orders-'));
  const postgres = await startServer(scratch);
  try {
    return programs.map(program => {
      const path = join(folder, program.file);
      const row = { name: program.name, file: `benchmarks/${program.file}`, lines: countLines(readFileSync(path, 'utf8')) };
      if ('needsPostgres' in program && postgres.url === undefined) return { ...row, done: undefined, answer: postgres.reason ?? 'no PostgreSQL' };
      const place = mkdtempSync(join(tmpdir(), 'order-'));
      const start = (...args: string[]): ReturnType<typeof spawnSync> =>
        spawnSync(process.execPath, ['--conditions=flowstone-source', '--disable-warning=ExperimentalWarning', path, place, ...args], { encoding: 'utf8', timeout: 300_000, env: { ...process.env, DBOS_DATABASE_URL: postgres.url } });
      const killed = start('crash');
      if (killed.signal !== 'SIGKILL') throw new Error(`${program.name} was not killed: ${String(killed.stdout)}${String(killed.stderr)}`);
      const { stdout, stderr, status } = start();
      if (status !== 0) throw new Error(`${program.name} ended with exit code ${status}: ${String(stdout)}${String(stderr)}`);
      const done = readFileSync(join(place, 'done.log'), 'utf8').trim().split('\n');
      rmSync(place, { recursive: true, force: true });
      return { ...row, done, answer: String(stdout).trim() };
    });
  } finally {
    postgres.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
