import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Tool } from '../kinds/flows/tool.ts';
import { parseJsonText } from '../core/json-text.ts';
import { defineBuiltIn, permanent, toErrno, ToolFailure, transient } from './define-built-in.ts';
import { jsonValue, textRecord } from './json-value.ts';
import { runProcess } from './run-process.ts';
import type { ProcessResult } from './run-process.ts';

const text = z.string().refine(value => !value.includes('\0'), 'Expected text without a NUL character');

const input = z.strictObject({
  command: text.min(1),
  args: z.array(z.union([text, z.number(), z.boolean()]).transform(String)).default([]),
  cwd: text.min(1).optional(),
  env: textRecord(text).default({}),
  input: z.string().optional(),
  parse: z.enum(['text', 'json', 'lines']).default('text'),
  maxOutputBytes: z.int().min(1).default(1024 * 1024),
  allowedExitCodes: z.array(z.int().min(0)).min(1).default([0]),
});

const output = z.object({
  exitCode: z.number(),
  stdout: jsonValue,
  stderr: z.string(),
  stderrTruncated: z.boolean(),
});

export interface ExecOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Time between SIGTERM and SIGKILL, ms. Default 2,000. */
  readonly graceMs?: number;
}

const messageTail = 2_000;

/** Makes the tool `exec`: runs a program, never through a shell. */
export function createExecTool({ clock, graceMs }: ExecOptions = {}): Tool<'exec', z.input<typeof input>, z.output<typeof output>> {
  return defineBuiltIn({
    name: 'exec',
    description: 'Runs a program and returns what it printed.',
    input,
    output,
    async run({ input: { command, args, cwd, env, input: stdin, parse, maxOutputBytes, allowedExitCodes }, signal, idempotencyKey }) {
      const directory = path.resolve(cwd ?? '.');
      if (!(await isDirectory(directory))) {
        throw permanent('exec_not_found', `Expected \`cwd\` to be an existing folder, got ${JSON.stringify(cwd)}`, { cwd: directory });
      }
      const result = await runProcess({
        command,
        args,
        cwd: directory,
        env: { ...process.env, ...env, FLOWSTONE_IDEMPOTENCY_KEY: idempotencyKey },
        stdin,
        maxOutputBytes,
        signal,
        clock,
        graceMs,
      }).catch((error: unknown) => {
        throw toStartFailure(command, error);
      });
      if (result.tooLarge) {
        throw permanent('exec_output_too_large', `${command} printed more than ${maxOutputBytes} bytes and was stopped; raise maxOutputBytes or print less`, {
          maxOutputBytes,
        });
      }
      if (result.exitCode === null || !allowedExitCodes.includes(result.exitCode)) throw toExitFailure(command, result);
      return {
        exitCode: result.exitCode,
        stdout: parseOutput(command, result.stdout.toString('utf8'), parse),
        stderr: result.stderr,
        stderrTruncated: result.stderrTruncated,
      };
    },
  });
}

async function isDirectory(directory: string): Promise<boolean> {
  return stat(directory).then(
    found => found.isDirectory(),
    () => false,
  );
}

function toStartFailure(command: string, error: unknown): unknown {
  const errno = toErrno(error);
  if (errno === undefined) return error;
  if (errno === 'ENOENT' || errno === 'EACCES' || errno === 'ENOEXEC' || errno === 'ENOTDIR') {
    const why = errno === 'ENOENT' || errno === 'ENOTDIR' ? 'There is no such program' : 'The file is not a program this user may run';
    return permanent('exec_not_found', `Cannot run ${JSON.stringify(command)}: ${why} (${errno}); a name without a slash is looked up in PATH`, {
      command,
      errno,
    });
  }
  // Out of processes, memory or handles: later it may work. Too long a command line never will.
  const failure = { code: 'exec_failed', message: `Cannot start ${JSON.stringify(command)}: ${errno}`, retryable: errno !== 'E2BIG', details: { errno } };
  return new ToolFailure(failure);
}

function toExitFailure(command: string, { exitCode, signal, stderr }: ProcessResult): ToolFailure {
  const end = stderr.slice(-messageTail).trim();
  const lastLine = end.slice(end.lastIndexOf('\n') + 1).slice(0, 300);
  const how = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  return transient('exec_failed', `${command} ${how}${lastLine && `: ${lastLine}`}`, { exitCode, signal, stderr: end });
}

function parseOutput(command: string, stdout: string, parse: 'text' | 'json' | 'lines'): unknown {
  if (parse === 'text') return stdout;
  if (parse === 'lines') return stdout.split(/\r?\n/).filter((line, place, all) => line !== '' || place < all.length - 1);
  try {
    return parseJsonText(stdout);
  } catch (error) {
    throw permanent('exec_output_invalid', `Expected ${command} to print JSON: ${(error as Error).message}`, { stdout: stdout.slice(0, messageTail) });
  }
}
