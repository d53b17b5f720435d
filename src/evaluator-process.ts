/*
 * Evaluates expressions, and checks values against schemas, for the process that began it: `node evaluator-process.js`, with
 * a channel to it. The work is done by a thread; this one measures it, and ends the thread when it meets its limit.
 */
import { Worker } from 'node:worker_threads';
import { systemClock } from './core/clock.ts';
import { findEntryFile } from './core/entry-file.ts';
import { type EvaluationReply, type EvaluationRequest, maxEvaluationMemoryMb, type Outcome, type ThreadMessage } from './evaluator/evaluation-task.ts';

const idleMs = 60_000;
const pollMs = 10;
/** How many times its CPU a thread may take before it is ended by force. */
const patience = 1.5;
const entry = findEntryFile('evaluator-thread') as string;

interface Running {
  readonly id: number;
  readonly cpuLimitMs: number;
  /** CPU of this process when the work began; undefined: the thread still reads what it was given. */
  cpuAtBegin: NodeJS.CpuUsage | undefined;
}

let thread = beginThread();
let running: Running | undefined;
let idle: unknown;

function beginThread(): Worker {
  const begun = new Worker(entry, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: maxEvaluationMemoryMb } });
  begun.on('message', (message: ThreadMessage) => {
    if (begun !== thread || !running) return;
    if ('outcome' in message) answer(running.id, message.outcome);
    else running.cpuAtBegin = process.cpuUsage();
  });
  begun.on('error', error => {
    if (begun !== thread) return;
    const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    replaceThread(isMemory ? { overrun: 'memory' } : { error: { code: 'expression_failed', message: error.message } });
  });
  return begun;
}

function replaceThread(outcome: Outcome): void {
  const [old, stopped] = [thread, running];
  thread = beginThread();
  running = undefined;
  let isEnded = false;
  // What it still does must not count for the next.
  void old.terminate().then(() => {
    isEnded = true;
    if (stopped) answer(stopped.id, outcome);
  });
  const insist = (): void => {
    if (isEnded || !stopped) return;
    // In the middle of one long operation a thread cannot be ended: this process can.
    if (isOver(stopped, patience)) send({ id: stopped.id, outcome }, () => process.kill(process.pid, 'SIGKILL'));
    else systemClock.setTimer(insist, pollMs);
  };
  insist();
}

/** Tells whether so many times the CPU of a task has been spent. */
function isOver({ cpuAtBegin, cpuLimitMs }: Running, times: number): boolean {
  const { user, system } = cpuAtBegin ? process.cpuUsage(cpuAtBegin) : { user: 0, system: 0 };
  return user + system > times * cpuLimitMs * 1_000;
}

function answer(id: number, outcome: Outcome): void {
  running = undefined;
  send({ id, outcome });
  idle = systemClock.setTimer(() => process.exit(0), idleMs);
}

function watch(watched: Running): void {
  if (running !== watched) return;
  if (isOver(watched, 1)) replaceThread({ overrun: 'time' });
  else systemClock.setTimer(() => watch(watched), pollMs);
}

function send(reply: EvaluationReply, sent?: () => void): void {
  process.send?.(reply, undefined, undefined, sent);
}

process.on('message', ({ id, task, cpuLimitMs }: EvaluationRequest) => {
  systemClock.clearTimer(idle);
  running = { id, cpuLimitMs, cpuAtBegin: undefined };
  thread.postMessage(task);
  watch(running);
});
// It ends with its owner, whose end the channel tells: Ctrl-C in a terminal is for the owner.
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
send({ ready: true });
