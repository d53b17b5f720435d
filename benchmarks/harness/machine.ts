import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { computePercentile } from './statistics.ts';

/** Where and with what a run was made. Names no host and no user. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** The SQLite inside better-sqlite3. */
  readonly sqlite: string;
  readonly betterSqlite3: string;
  readonly xstate: string;
  readonly fileSystem: string;
  /** Appending 4 KiB to a file and waiting until the disk has it, µs. */
  readonly diskSync: { readonly p50: number; readonly p99: number };
  /** Processes that wanted to run over the last minute, when the run began. */
  readonly load: number;
}

const fileSystems: { readonly [type: number]: string } = {
  0x01021994: 'tmpfs (memory: nothing here survives a power cut)',
  0x858458f6: 'ramfs (memory)',
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0x794c7630: 'overlayfs',
};

/** Appends 4 KiB and syncs, over and over; µs each. */
function measureDiskSync(folder: string, times: number): { p50: number; p99: number } {
  const file = join(folder, 'sync-probe');
  const page = Buffer.alloc(4_096, 1);
  const descriptor = openSync(file, 'a');
  const taken: number[] = [];
  for (let index = 0; index < times; index++) {
    const begun = performance.now();
    writeSync(descriptor, page);
    fdatasyncSync(descriptor);
    taken.push((performance.now() - begun) * 1_000);
  }
  closeSync(descriptor);
  rmSync(file);
  return { p50: computePercentile(taken, 0.5), p99: computePercentile(taken, 0.99) };
}

function readVersion(packageName: string): string {
  const manifest = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

function readSqliteVersion(): string {
  const database = new Database(':memory:');
  const version = database.prepare('select sqlite_version()').pluck().get() as string;
  database.close();
  return version;
}

/** @param folder where the databases of the run will be */
export function describeMachine(folder: string, date: Date): Machine {
  const type = statfsSync(folder).type;
  return {
    date: date.toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    sqlite: readSqliteVersion(),
    betterSqlite3: readVersion('better-sqlite3'),
    xstate: readVersion('xstate'),
    fileSystem: fileSystems[type] ?? `type 0x${type.toString(16)}`,
    diskSync: measureDiskSync(folder, 300),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
