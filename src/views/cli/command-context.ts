import type { Clock } from '../../core/clock.ts';
import type { Screen } from '../terminal/progress-view.ts';

/** What a command has of the outside world. */
export interface CommandContext {
  readonly stdout: Screen & NodeJS.WritableStream;
  readonly stderr: Screen & NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
  /** Relative paths begin here. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Standard output is one JSON document; everything else goes to standard error. */
  readonly json: boolean;
}

/** What a command ends with. The program prints it: the document with `--json`, else the text. */
export interface CommandResult {
  readonly exitCode: number;
  readonly document: unknown;
  /** What is long comes in pieces. */
  readonly text: string | AsyncIterable<string | Uint8Array>;
}

/** Where a command may talk while it works. */
export function getProgressScreen({ json, stdout, stderr }: CommandContext): Screen & NodeJS.WritableStream {
  return json ? stderr : stdout;
}
