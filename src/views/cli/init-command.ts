import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { stdin } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { findPackageFolder } from '../../core/entry-file.ts';
import { FlowError } from '../../core/errors.ts';
import { toProjectManifest } from '../project-manifest.ts';
import type { Manifest } from '../project-manifest.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { createScreenPalette } from './screen-palette.ts';

export interface InitCommandOptions {
  readonly yes?: boolean;
}

/** What each file of the template is, for the list at the end. */
const described: Readonly<Record<string, string>> = {
  'flows/order.yml': 'a flow in YAML',
  'flows/refund.ts': 'a flow in TypeScript',
  'machines/parcel.ts': 'a machine of XState, which a step of the order is',
  'tools.ts': 'what the steps call',
  'app.ts': 'runs both flows',
  'crash.ts': 'runs app.ts and kills it half-way',
  'test/flows.test.ts': 'tests every way they can go',
};

/** Packages that the files import, and that are inside Flowstone where it was installed without a registry. */
const shared = ['xstate', 'zod'] as const;

function requireTemplate(): { readonly folder: string; readonly manifest: Manifest } {
  const root = findPackageFolder();
  const folder = root === undefined ? undefined : ['dist/template', 'template'].map(name => join(root, name)).find(existsSync);
  if (root === undefined || folder === undefined) throw new FlowError('file_unreadable', `Expected the files of a new project beside Flowstone, found none in ${root ?? 'its package'}. Install it again`);
  return { folder, manifest: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest };
}

/** Files below a folder, as paths with `/`. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/'))
    .toSorted();
}

async function ask({ stdout }: CommandContext): Promise<string> {
  const lines = createInterface({ input: stdin, output: stdout });
  try {
    return (await lines.question('Folder of the project (this one): ')).trim() || '.';
  } finally {
    lines.close();
  }
}

function readManifest(file: string): Manifest {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch (cause) {
    throw new FlowError('file_unreadable', `Expected \`${file}\` to be JSON: ${(cause as Error).message}`, { place: { file }, cause });
  }
}

/** Makes the packages inside an installed Flowstone reachable from the project, as `npm install` would from the registry. */
function linkShared(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  const missing = shared.filter(name => !existsSync(join(modules, name)) && existsSync(join(modules, 'flowstone/node_modules', name)));
  for (const name of missing) symlinkSync(join('flowstone/node_modules', name), join(modules, name), process.platform === 'win32' ? 'junction' : 'dir');
  return missing;
}

/** `init`: writes a project that runs: two flows, a machine, tools, a test of every path. */
export async function initCommand(given: string | undefined, { yes = false }: InitCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd, stdout, env, json } = context;
  const asks = given === undefined && !yes && !json && stdin.isTTY && stdout.isTTY === true;
  const folder = resolve(cwd, given ?? (asks ? await ask(context) : '.'));
  const template = requireTemplate();
  const files = listFiles(template.folder).map(source => ({ source, target: source === 'gitignore' ? '.gitignore' : source }));
  const taken = files.map(({ target }) => target).filter(target => existsSync(join(folder, target)));
  if (taken.length > 0) {
    throw new FlowError('project_exists', `Expected a folder without ${taken.map(name => `\`${name}\``).join(', ')}: ${folder} has ${taken.length === 1 ? 'it' : 'them'}. Name another folder: flowstone init FOLDER`, { details: { folder, files: taken } });
  }
  const manifest = toProjectManifest(readManifest(join(folder, 'package.json')), template.manifest, basename(folder), findPackageFolder());
  mkdirSync(folder, { recursive: true });
  for (const { source, target } of files) {
    mkdirSync(dirname(join(folder, target)), { recursive: true });
    cpSync(join(template.folder, source), join(folder, target));
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const linked = linkShared(folder);
  const installed = existsSync(join(folder, 'node_modules/flowstone'));
  const enter = folder === cwd ? [] : [`cd ${relative(cwd, folder) || folder}`];
  const next = [[...enter, ...(installed ? [] : ['npm install']), 'npm run crash'].join(' && '), 'npm start', 'npm run draw'];
  const { green, dim, cyan, symbols } = createScreenPalette(stdout, env);
  const width = Math.max(...Object.keys(described).map(name => name.length));
  const text = [
    `${green(symbols.completed)} Wrote a project to ${folder}`,
    ...Object.entries(described).map(([name, what]) => `  ${name.padEnd(width)}  ${dim(what)}`),
    ...(linked.length > 0 ? [dim(`  ${linked.join(' and ')} are used from inside Flowstone, which was installed from a packed file`)] : []),
    '',
    `Next: ${cyan(next[0] ?? '')}`,
    `then: ${next.slice(1).join(', then ')}`,
    '',
  ].join('\n');
  return { exitCode: exitCodes.passed, document: { folder, files: [...files.map(({ target }) => target), 'package.json'], linked, next }, text };
}
