import { systemClock } from '../../core/clock.ts';
import { runProgram } from './program.ts';

/** Runs this process's command line and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const { stdout, stderr, env } = process;
  // A reader that went away (`| head`) is no fault: there is nobody left to tell.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  const options = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  const exitCode = await runProgram(argv, { stdout, stderr, env, cwd: process.cwd(), clock: systemClock, json: options.includes('--json') });
  // A tool may have left a socket or a timer behind; everything that counts is stored by now.
  process.exit(exitCode);
}
