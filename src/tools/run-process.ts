import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { processTime, systemClock } from '../core/clock.ts';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** The whole environment, not an addition to it. */
  readonly env: NodeJS.ProcessEnv;
  /** Written to standard input, which is closed after it. */
  readonly stdin?: string | undefined;
  /** Largest standard output, bytes; a process that writes more is killed. */
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
  readonly clock?: Clock | undefined;
  /** Time between SIGTERM and SIGKILL, ms. Default 2,000. */
  readonly graceMs?: number | undefined;
}

export interface ProcessResult {
  /** Null: ended by a signal. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** The last 64 KiB. */
  readonly stderr: string;
  readonly stderrTruncated: boolean;
  /** True: it wrote more than `maxOutputBytes` and was killed. */
  readonly tooLarge: boolean;
}

const maxStderrBytes = 64 * 1024;
const pollMs = 25;
/** How many turns without a byte mean that a program that has ended has written no more, and how many there are at most. */
const quietTurns = 3;
const maxTurns = 100;
const isWindows = process.platform === 'win32';

const alive = new Set<ChildProcess>();
let exitHookInstalled = false;

/** Own groups do not get the terminal's Ctrl-C, so an exit of this process must take them along. */
function killOnExit(child: ChildProcess): void {
  if (!exitHookInstalled) {
    exitHookInstalled = true;
    process.once('exit', () => {
      for (const left of alive) signalTree(left, 'SIGKILL');
    });
  }
  alive.add(child);
}

/** Signals a process and its descendants; false: none of them is left. */
function signalTree(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (isWindows) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    if (signal !== 0) spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => child.kill());
    return true;
  }
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

/** Reads on, so that whoever holds the other end can write, and keeps nothing of it. */
function letGo(pipe: Readable | null): void {
  pipe?.removeAllListeners('data');
  pipe?.resume();
  if (pipe instanceof Socket) pipe.unref();
}

/**
 * Runs a program to its end, without a shell, in a process group of its own.
 *
 * It ends with the program, whatever that has left running in the background. On abort, and when it writes too much, the whole group gets SIGTERM and after the grace SIGKILL; the promise settles
 * when the group is gone. Rejects with the abort's reason, or with the system error when the program cannot be started.
 */
export function runProcess(options: ProcessOptions): Promise<ProcessResult> {
  const { command, args, cwd, env, stdin, maxOutputBytes, signal, clock = systemClock, graceMs = 2_000 } = options;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(cwd !== undefined && { cwd }),
      env,
      shell: false,
      detached: !isWindows,
      windowsHide: true,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    killOnExit(child);
    const chunks: Buffer[] = [];
    let bytes = 0;
    /** Bytes from both pipes. */
    let received = 0;
    let stderr = Buffer.alloc(0);
    let stderrTruncated = false;
    let tooLarge = false;
    let closed = false;
    let killAt: number | undefined;
    let timer: unknown;

    const finish = (): void => {
      signal.removeEventListener('abort', kill);
      clock.clearTimer(timer);
      alive.delete(child);
      if (signal.aborted && killAt !== undefined) return reject(signal.reason as Error);
      resolve({
        exitCode: child.exitCode,
        signal: child.signalCode,
        stdout: Buffer.concat(chunks),
        stderr: stderr.toString('utf8'),
        stderrTruncated,
        tooLarge,
      });
    };

    // The leader may be gone while its descendants clean up: the group is asked until it is empty or the grace is over.
    const watchGroup = (): void => {
      const left = signalTree(child, 0);
      if (!left && closed) return finish();
      if (processTime(clock) >= (killAt ?? 0)) {
        signalTree(child, 'SIGKILL');
        // A descendant that left the group may hold the pipes for ever.
        child.stdout?.destroy();
        child.stderr?.destroy();
        if (closed || child.exitCode !== null || child.signalCode !== null) return finish();
      }
      timer = clock.setTimer(watchGroup, pollMs);
    };

    const kill = (): void => {
      if (killAt !== undefined) return;
      killAt = processTime(clock) + graceMs;
      signalTree(child, 'SIGTERM');
      watchGroup();
    };

    // What the program began in the background may hold its pipes for as long as that runs. What the program itself has
    // written is in them when it ends, and is read turn by turn until nothing more comes.
    const endWithProgram = async (): Promise<void> => {
      let quiet = 0;
      for (let turn = 0; turn < maxTurns && quiet < quietTurns; turn++) {
        const before = received;
        await nextTurn();
        quiet = received === before ? quiet + 1 : 0;
      }
      if (closed || killAt !== undefined || child.pid === undefined) return;
      for (const pipe of [child.stdout, child.stderr]) letGo(pipe);
      finish();
    };

    signal.addEventListener('abort', kill, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => {
      received += chunk.length;
      bytes += chunk.length;
      if (bytes <= maxOutputBytes) return chunks.push(chunk);
      tooLarge = true;
      kill();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      received += chunk.length;
      const all = Buffer.concat([stderr, chunk]);
      stderrTruncated ||= all.length > maxStderrBytes;
      stderr = all.length > maxStderrBytes ? Buffer.from(all.subarray(-maxStderrBytes)) : all;
    });
    // A program need not read its input: a closed pipe is its decision, and its exit code says what came of it.
    child.stdin?.on('error', () => child.stdin?.destroy());
    child.stdin?.end(stdin);
    child.once('error', error => {
      if (child.pid !== undefined) return;
      signal.removeEventListener('abort', kill);
      alive.delete(child);
      reject(error);
    });
    child.once('close', () => {
      closed = true;
      if (child.pid !== undefined && killAt === undefined) finish();
    });
    child.once('exit', () => void endWithProgram());
  });
}
