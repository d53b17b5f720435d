import type { Clock } from '../core/clock.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import { connectToOwner } from '../owner/connect-to-owner.ts';
import type { OwnerConnection } from '../owner/owner-connection.ts';
import type { IsolatedRun } from './isolated-run.ts';
import { findFolderOwner } from './runner-process.ts';

/** Longest wait for an answer of a process, ms. */
const answerMs = 5_000;
/** Longest wait for a process to begin, and to listen, ms. */
const beginMs = 30_000;
const pauseMs = 25;

const pause = (clock: Clock, ms: number): Promise<void> => new Promise(resolve => void clock.setTimer(resolve, ms));

/** Connects to the process of a run; undefined: it does not listen, or no longer. */
async function connect(run: IsolatedRun, clock: Clock, untilMs: number): Promise<OwnerConnection | undefined> {
  for (const until = clock.now() + untilMs; run.phase === 'running'; await pause(clock, pauseMs)) {
    const socket = findFolderOwner(run.folder)?.socket;
    if (socket) {
      try {
        return await connectToOwner(socket, { clock, timeoutMs: answerMs });
      } catch (error) {
        // It is about to listen, has just stopped, or is too busy to welcome anybody.
        if (!isFlowError(error, 'owner_unreachable') && !isFlowError(error, 'owner_silent')) throw error;
      }
    }
    if (run.process?.exit || clock.now() >= until) return undefined;
  }
  return undefined;
}

interface Cancel {
  readonly executionId: string;
  readonly message: string;
}

interface Signal {
  readonly executionId: string;
  readonly name: string;
  readonly payload: unknown;
  readonly force: true;
}

/**
 * Has a process cancel an execution of its own.
 *
 * @returns whether it was unsettled; undefined: the process does not answer, or has not begun the execution
 */
export async function forwardCancel(run: IsolatedRun, clock: Clock, params: Cancel, key: string | undefined): Promise<boolean | undefined> {
  const connection = await connect(run, clock, answerMs);
  if (!connection) return undefined;
  try {
    return (await connection.request('cancel', { ...params }, { timeoutMs: answerMs, key })) === true;
  } catch (error) {
    if (isFlowError(error, 'owner_silent') || isFlowError(error, 'execution_not_found')) return undefined;
    throw error;
  } finally {
    connection.close();
  }
}

/** Has a process take a signal. One that waits for room, or has just begun, is waited for. */
export async function forwardSignal(run: IsolatedRun, clock: Clock, params: Signal, key: string | undefined): Promise<void> {
  while (run.phase === 'queued') await pause(clock, pauseMs);
  for (const until = clock.now() + beginMs; ; ) {
    const connection = await connect(run, clock, beginMs);
    if (!connection) throw new FlowError('owner_unreachable', `Expected the process of ${params.executionId} to take signals, but it does not listen. It may be about to end; look at it again`);
    try {
      await connection.request('signal', { ...params }, { timeoutMs: answerMs, key });
      return;
    } catch (error) {
      if (!isFlowError(error, 'execution_not_found') || clock.now() >= until) throw error;
    } finally {
      connection.close();
    }
    await pause(clock, pauseMs);
  }
}
