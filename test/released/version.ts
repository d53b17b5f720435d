import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unpackPackage } from '../../benchmarks/harness/unpack-package.ts';

/** Where a version is, and its doors: what every scenario goes through. */
export interface Version {
  readonly name: string;
  /** Folder of its package. */
  readonly root: string;
  readonly flowstone: typeof import('../../src/index.ts');
  /** In 0.3.0 part of the main door. */
  readonly reev: Pick<typeof import('../../src/reev.ts'), 'loadBenchmark'>;
  readonly sqlite: typeof import('../../src/sqlite.ts');
  readonly testing: typeof import('../../src/testing.ts');
  readonly report: typeof import('../../src/report.ts');
  /** The command line, inside this process. */
  readonly runProgram: typeof import('../../src/views/cli/program.ts').runProgram;
  /** Path of a door, and what `node` needs before it to run a program that imports it. */
  door(name: 'index' | 'sqlite'): string;
  readonly nodeOptions: readonly string[];
}

const here = resolve(import.meta.dirname, '../..');

export async function loadWorkingTree(): Promise<Version> {
  return {
    name: 'working tree',
    root: here,
    flowstone: await import('../../src/index.ts'),
    reev: await import('../../src/reev.ts'),
    sqlite: await import('../../src/sqlite.ts'),
    testing: await import('../../src/testing.ts'),
    report: await import('../../src/report.ts'),
    runProgram: (await import('../../src/views/cli/program.ts')).runProgram,
    door: name => join(here, 'src', `${name}.ts`),
    nodeOptions: ['--conditions=flowstone-source'],
  };
}

/** The packed 0.3.0 of `test/fixtures`. */
export async function loadReleased(): Promise<Version> {
  const root = unpackPackage(join(here, 'test/fixtures/flowstone-0.3.0.tgz'));
  const load = async (path: string): Promise<unknown> => import(pathToFileURL(join(root, 'dist/src', path)).href);
  return {
    name: '0.3.0',
    root,
    flowstone: (await load('index.js')) as Version['flowstone'],
    reev: (await load('index.js')) as Version['reev'],
    sqlite: (await load('sqlite.js')) as Version['sqlite'],
    testing: (await load('testing.js')) as Version['testing'],
    report: (await load('report.js')) as Version['report'],
    runProgram: ((await load('views/cli/program.js')) as Pick<Version, 'runProgram'>).runProgram,
    door: name => join(root, 'dist/src', `${name}.js`),
    nodeOptions: [],
  };
}
