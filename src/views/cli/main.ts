import { Writable } from 'node:stream';
import { systemClock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { formatError, toErrorDocument } from './error-document.ts';
import { exitCodes } from './exit-codes.ts';
import { runProgram } from './program.ts';

/** As a shell reports a process that wrote where nobody reads any more. */
const pipeClosed = 141;

/** Keeps standard output for the one document: what tools print goes to standard error. */
function reserveStdout({ stdout, stderr }: NodeJS.Process): Writable {
  const writeOut = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  return new Writable({ write: (chunk: Buffer, _encoding, done) => void writeOut(chunk, () => done()) });
}

/** Runs this process's command line and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const { stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(pipeClosed);
      throw error;
    });
  }
  const end = argv.indexOf('--');
  const json = (end === -1 ? argv : argv.slice(0, end)).includes('--json');
  const out = json ? reserveStdout(process) : stdout;

  // What a tool throws outside of its call cannot be laid to a step: the process ends, and the run counts as cut off.
  process.on('uncaughtException', cause => {
    const error = new FlowError('uncaught_error', `Something threw outside of any step: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`, { cause });
    stderr.write(`${formatError(error)}\n`);
    if (json) out.write(`${JSON.stringify(toErrorDocument(error))}\n`, () => process.exit(exitCodes.couldNotRun));
    else process.exit(exitCodes.couldNotRun);
  });

  const exitCode = await runProgram(argv, { stdout: out, stderr, env, cwd: process.cwd(), clock: systemClock, json });
  // A tool may have left a socket or a timer behind; everything that counts is stored by now.
  process.exit(exitCode);
}
