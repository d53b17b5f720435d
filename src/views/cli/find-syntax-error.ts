import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Place } from '../../core/errors.ts';

/** How Node.js shows where a text is no program: file and line, up to three lines, and a mark below the last. */
const shown = /^((?!node:)\S[^\n]*):(\d+)\n(?:[^\n]*\n){1,3}?([ \t]*)\^/m;
const longestMs = 10_000;

function readPlace(text: string): Place | undefined {
  const [, file = '', line, indent = ''] = shown.exec(text) ?? [];
  return line === undefined ? undefined : { file: file.startsWith('file:') ? fileURLToPath(file) : file, line: Number(line), column: indent.length + 1 };
}

/**
 * Finds where a module, or one that it imports, cannot be read as a program; undefined: that is not what is wrong with it.
 *
 * Node.js tells it with some errors, and otherwise only to the screen of a process that ends of it.
 */
export function findSyntaxError(error: unknown, file: string): Place | undefined {
  if (!(error instanceof Error) || error.name !== 'SyntaxError') return undefined;
  const told = readPlace(error.stack ?? '');
  if (told) return told;
  const { stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=commonjs', '--eval', `import(${JSON.stringify(pathToFileURL(file).href)}).catch(error => { console.error(error.stack); throw error; })`], { encoding: 'utf8', timeout: longestMs });
  return readPlace(stderr);
}
