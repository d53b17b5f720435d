import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findEntryFile } from '../../core/entry-file.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { HostedMachine } from '../../kinds/actors/machine-book.ts';
import type { ModelClient } from '../../kinds/flows/interactions/model-client.ts';
import type { Tool } from '../../kinds/flows/tool.ts';
import { isStepKind } from '../../definition/step-kinds.ts';
import { projectTools } from '../../tools/project-tools.ts';
import { findSyntaxError } from './find-syntax-error.ts';
import { readMachineExports } from './machine-exports.ts';
import { readToolExports } from './tool-exports.ts';

/** Entry points of this program's own copy, by the name a module may import it under. */
const own: Readonly<Record<string, string>> = { flowstone: 'index', 'flowstone/sqlite': 'sqlite', 'flowstone/files': 'files', 'flowstone/testing': 'testing' };

const moduleSyntax = /^\s*(?:import\s*[\w{*'"]|export\s+(?:default|const|let|function|async|class|\{|\*))/m;

/** `npm init` writes `"type": "commonjs"`, and people write modules all the same: the syntax decides, as it does without a type. */
function isMislabelled(url: string, format: string | null | undefined): boolean {
  if (!format?.startsWith('commonjs') || !url.startsWith('file:') || url.includes('/node_modules/')) return false;
  const path = fileURLToPath(url);
  return /\.[jt]s$/.test(path) && moduleSyntax.test(readFileSync(path, 'utf8'));
}

let helping = false;

/**
 * A tools module may say `import { defineTool } from 'flowstone'` (and use zod or xstate) where none is installed: then it gets this
 * program's own copies. What is installed beside the module wins.
 */
function lendOwnPackages(): void {
  // Added in Node.js 22.15; 22.14 goes without.
  if (helping || typeof module.registerHooks !== 'function') return;
  helping = true;
  module.registerHooks({
    resolve(specifier, context, next) {
      try {
        const found = next(specifier, context);
        return isMislabelled(found.url, found.format) ? { ...found, format: found.url.endsWith('.ts') ? 'module-typescript' : 'module' } : found;
      } catch (error) {
        const file = own[specifier] === undefined ? undefined : findEntryFile(own[specifier]);
        if (file !== undefined) return { url: pathToFileURL(file).href, shortCircuit: true };
        if (specifier === 'zod' || specifier === 'xstate') return next(specifier, { ...context, parentURL: import.meta.url });
        throw error;
      }
    },
  });
}

/** What a tools module gives. */
export interface ToolsModule {
  readonly tools: readonly Tool[];
  /** Reaches language models, when it exports `models`. */
  readonly models: ModelClient | undefined;
  /** XState machines it exports, for steps that are one. */
  readonly machines: readonly HostedMachine[];
}

/** The tools module of a definition, when `--tools` names none: `<name>.tools.ts` (or `.js`, `.mjs`) beside `<name>.yml`. */
export function findToolsBeside(file: string, cwd: string): string | undefined {
  const base = resolve(cwd, file.replace(/#.*$/, '')).replace(/\.[^./\\]+$/, '');
  const found = ['.tools.ts', '.tools.js', '.tools.mjs'].map(ending => `${base}${ending}`).find(existsSync);
  return found && (relative(cwd, found) || found);
}

/**
 * Loads tools, machines, models and kinds of steps from a JavaScript or TypeScript module, beside the tools for projects that the program has.
 *
 * @throws a `FlowError` with code `tools_module_invalid` or `file_unreadable`.
 */
export async function loadToolsModule(modulePath: string | undefined, cwd: string): Promise<ToolsModule> {
  if (modulePath === undefined) return { tools: projectTools, models: undefined, machines: [] };
  const all = Object.entries(await importModule(modulePath, cwd));
  // Kinds of steps are known to everybody once they have been defined.
  const others = all.filter(([, value]) => !isStepKind(value));
  const exports = Object.fromEntries(others);
  const { models } = exports as { models?: ModelClient };
  if (models !== undefined && typeof models?.generate !== 'function') {
    throw new FlowError('tools_module_invalid', `Expected the export \`models\` of \`${modulePath}\` to be a model client with \`generate\`, got ${describeValue(models)}`, { place: { file: modulePath } });
  }
  const { machines, rest } = readMachineExports(exports, modulePath);
  return { tools: [...projectTools, ...readToolExports(rest, modulePath, machines.length > 0 || others.length < all.length ? 0 : 1)], models, machines };
}

/**
 * Loads XState machines from a JavaScript or TypeScript module.
 *
 * @throws a `FlowError` with code `tools_module_invalid` or `file_unreadable`.
 */
export async function loadMachines(modulePath: string, cwd: string): Promise<readonly HostedMachine[]> {
  const { machines } = readMachineExports(await importModule(modulePath, cwd), modulePath);
  if (machines.length > 0) return machines;
  throw new FlowError('tools_module_invalid', `Expected \`${modulePath}\` to export XState machines, each by itself or all as \`machines\`, found none`, { place: { file: modulePath } });
}

const roles = {
  tools: { code: 'tools_module_invalid', named: '--tools to name a module', what: 'the tools in' },
  flows: { code: 'flow_module_invalid', named: 'a module with flows or machines', what: 'the flows in' },
} as const;

/** Imports a module of the user's, to which this program lends its own packages. */
export async function importModule(modulePath: string, cwd: string, role: keyof typeof roles = 'tools'): Promise<Record<string, unknown>> {
  const { code: invalid, named, what } = roles[role];
  const file = resolve(cwd, modulePath);
  if (!existsSync(file)) throw new FlowError('file_unreadable', `Expected ${named}, found no file \`${file}\``, { place: { file } });
  lendOwnPackages();
  let exports: Record<string, unknown>;
  try {
    exports = { ...(await import(pathToFileURL(file).href) as Record<string, unknown>) };
  } catch (cause) {
    // What `defineFlow` says of a flow, and not of the module.
    if (isFlowError(cause, 'definition_invalid')) throw cause;
    const { message, code } = cause as NodeJS.ErrnoException;
    const advice = code === 'ERR_UNKNOWN_FILE_EXTENSION' ? '. This Node.js does not run TypeScript: write the module in JavaScript, use Node.js 22.18 or later, or set NODE_OPTIONS=--experimental-strip-types' : '';
    const place = findSyntaxError(cause, file);
    const unsupported = code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' ? '. Node.js only takes types away: write it without' : advice;
    const where = place === undefined ? '' : `${relative(cwd, place.file ?? file) || file}:${place.line}:${place.column}: `;
    throw new FlowError(invalid, `Cannot load ${what} \`${modulePath}\`: ${where}${message ?? String(cause)}${unsupported}`, { place: place ?? { file }, cause });
  }
  return exports;
}
