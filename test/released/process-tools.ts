/* Tools for flows that run in a process of their own. */
import { existsSync, writeFileSync } from 'node:fs';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';

export const double = ({ input }: ToolCall<number>): number => input * 2;

export const fails = (): never => {
  throw Object.assign(new Error('broken'), { code: 'broken' });
};

export const write = async ({ artifact }: ToolCall): Promise<unknown> => ({ version: (await artifact('notes/one.md', '# One\n')).version });

/** Ends its process, once. */
export const die = ({ input }: ToolCall<{ readonly file: string }>): unknown => {
  if (existsSync(input.file)) return 'survived';
  writeFileSync(input.file, '');
  return process.kill(process.pid, 'SIGKILL');
};
