import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { parseJsonText } from '../../core/json-text.ts';

/**
 * Reads a value given on the command line: JSON, `@file`, or `@-` for standard input.
 *
 * @throws a `FlowError` with code `argument_not_json` or `file_unreadable`.
 */
export function readJsonArgument(argument: string, name: string, cwd: string): unknown {
  const fromFile = argument.startsWith('@');
  let text = argument;
  if (fromFile) {
    const path = argument.slice(1);
    try {
      text = readFileSync(path === '-' ? 0 : resolve(cwd, path), 'utf8');
    } catch (cause) {
      throw new FlowError('file_unreadable', `Expected ${name} to name a readable file after the @, got \`${argument}\`: ${(cause as Error).message}`, { cause });
    }
  }
  try {
    return parseJsonText(text);
  } catch (cause) {
    if (!fromFile && existsSync(resolve(cwd, argument))) throw new FlowError('argument_not_json', `Expected ${name} to be JSON or @file, got the name of a file. Write it with an @: \`@${argument}\``, { cause });
    const found = fromFile ? `the contents of \`${argument.slice(1)}\`` : `\`${text.length > 80 ? `${text.slice(0, 80)}…` : text}\``;
    throw new FlowError('argument_not_json', `Expected ${name} to be JSON or @file, got ${found}: ${(cause as Error).message}`, { cause });
  }
}
