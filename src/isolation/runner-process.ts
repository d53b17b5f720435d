import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OwnerFiles } from '../../persistence/files/owner-file.ts';
import type { ProcessIdentity } from '../../persistence/files/process-identity.ts';
import { isProcessAlive } from '../../persistence/files/process-identity.ts';
import type { OwnerRecord } from '../../persistence/records.ts';
import { findEntryFile } from '../core/entry-file.ts';
import { FlowError } from '../core/errors.ts';
import { toNodeEnvironment } from '../core/node-environment.ts';
import { listDescendants } from './list-descendants.ts';

/** Exit code of a process that found another one at work on its folder. */
export const ownedExitCode = 75;

/** What a process prints: nobody else's output is mixed with it. */
export const outputFile = 'output.log';

/** How a process ended. Both null: nobody was there to see it. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It could not even begin. */
  readonly error?: string;
}

export interface BeginOptions {
  readonly cwd: string;
  /** Told over its standard input: they are in no file, and in no environment that its own children would get. */
  readonly secrets: readonly string[];
  /** Called once, when it has ended. */
  readonly ended: () => void;
}

/** The program that runs one execution. It is a file of Flowstone's: an app that was bundled into files of its own has none. */
function requireProgram(): string {
  const file = findEntryFile('isolated-process');
  if (file !== undefined) return file;
  throw new FlowError('isolation_unavailable', 'Expected the program that runs a flow in a process of its own beside Flowstone, found none: this app was bundled. Leave `flowstone` out of the bundle, or set `isolation: false`.');
}

/** A process that runs one execution: one that was begun here, or one that was found running. */
export class RunnerProcess {
  readonly #pid: number | undefined;
  readonly #child: ChildProcess | undefined;
  readonly #found: ProcessIdentity | undefined;
  #exit: ProcessExit | undefined;

  private constructor(child: ChildProcess | undefined, found: ProcessIdentity | undefined) {
    this.#child = child;
    this.#found = found;
    this.#pid = child?.pid ?? found?.pid;
  }

  /** Begins a process on a folder, in a group of its own: Ctrl-C in a terminal is for its owner alone. */
  static begin(folder: string, { cwd, secrets, ended }: BeginOptions): RunnerProcess {
    rmSync(join(folder, 'error.json'), { force: true });
    const log = openSync(join(folder, outputFile), 'a', 0o600);
    try {
      const child = spawn(process.execPath, [requireProgram(), folder], { cwd, env: toNodeEnvironment(), detached: true, windowsHide: true, stdio: ['pipe', log, log] });
      // It may have ended before it has read them.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(JSON.stringify(secrets));
      const begun = new RunnerProcess(child, undefined);
      const end = (exit: ProcessExit): void => {
        if (begun.#exit) return;
        begun.#exit = exit;
        ended();
      };
      child.once('exit', (code, signal) => end({ code, signal }));
      child.once('error', error => end({ code: null, signal: null, error: error.message }));
      return begun;
    } finally {
      closeSync(log);
    }
  }

  /** The process that owns a folder now; undefined: none does. */
  static find(folder: string): RunnerProcess | undefined {
    const file = new OwnerFiles(folder).findLast()?.file;
    return file && !file.released && isProcessAlive(file.process) ? new RunnerProcess(undefined, file.process) : undefined;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** How it ended; undefined: it runs. */
  get exit(): ProcessExit | undefined {
    if (this.#found && !isProcessAlive(this.#found)) this.#exit ??= { code: null, signal: null };
    return this.#exit;
  }

  /** Asks it to stop, or (SIGKILL) ends it with everything it began. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#pid === undefined || this.exit) return;
    // Programs that steps run lead groups of their own. Asked for before: afterwards nobody knows whose they were.
    const begun = signal === 'SIGKILL' ? listDescendants(this.#pid) : [];
    try {
      // The group, where there are groups: what the process began goes with it.
      process.kill(signal === 'SIGKILL' && process.platform !== 'win32' ? -this.#pid : this.#pid, signal);
    } catch {
      // It has just ended, or is no leader of a group.
      this.#child?.kill(signal);
    }
    for (const pid of begun) {
      try {
        process.kill(pid, signal);
      } catch {
        // It went with the group.
      }
    }
  }
}

/** Who owns a process's folder: its socket is where it takes signals and cancels. */
export const findFolderOwner = (folder: string): OwnerRecord | undefined => new OwnerFiles(folder).getOwner();
