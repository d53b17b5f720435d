import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { findEntryFile } from '../core/entry-file.ts';
import { FlowError } from '../core/errors.ts';
import { toNodeEnvironment } from '../core/node-environment.ts';
import type { EvaluationReply, EvaluationRequest, EvaluationTask, EvaluatorApart, Outcome } from './evaluation-task.ts';

/** How an evaluating process ended without an answer. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

let evaluator: EvaluatorProcess | undefined;
let last: Promise<unknown> = Promise.resolve();

let underWay = 0;

/** Tasks that have not answered yet: they take real time, also where the clock is a simulated one. */
export const countTasksApart = (): number => underWay;

/** Tells whether there is a program for it; there is none in an app that was bundled into other files. */
export const canEvaluateApart = (): boolean => findEntryFile('evaluator-process') !== undefined;

/**
 * Does a task in a process of its own, under limits of the work that it does: nothing it does can hold up or end this one.
 *
 * One task after the other. The process begins with the first task and ends when it has had none for a minute.
 *
 * @param cpuLimitMs most CPU it may take, ms; time in which it does not run is not counted
 * @throws a `FlowError` with code `evaluator_unavailable`
 */
export function evaluateApart(task: EvaluationTask, cpuLimitMs: number): Promise<Outcome> {
  underWay++;
  const outcome = last.then(() => evaluate(task, cpuLimitMs)).finally(() => underWay--);
  last = outcome.catch(() => undefined);
  return outcome;
}

/** This process's. */
export const evaluatorProcess: EvaluatorApart = { isThere: canEvaluateApart, evaluate: evaluateApart };

async function evaluate(task: EvaluationTask, cpuLimitMs: number): Promise<Outcome> {
  for (let isFirst = true; ; isFirst = false) {
    evaluator ??= new EvaluatorProcess();
    const answer = await evaluator.ask(task, cpuLimitMs);
    if ('value' in answer || 'error' in answer || 'overrun' in answer) return answer;
    evaluator = undefined;
    // It had just ended by itself, or somebody ended it: not the doing of this task, or not for certain.
    const isAborted = answer.code !== 0 && answer.signal !== 'SIGKILL' && answer.signal !== 'SIGTERM';
    if (isAborted || !isFirst) return { overrun: 'memory' };
  }
}

class EvaluatorProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<Ended | undefined>;
  #answered: ((answer: Outcome | Ended) => void) | undefined;
  #ended: Ended | undefined;
  #failure: Error | undefined;
  #lastId = 0;

  constructor() {
    const entry = findEntryFile('evaluator-process');
    if (entry === undefined) throw unavailable('there is none beside Flowstone. This app was bundled: leave `flowstone` out of the bundle');
    // Loaded here: most programs never get so far.
    const { fork } = process.getBuiltinModule('node:child_process');
    const { NODE_OPTIONS: _, ...env } = toNodeEnvironment();
    // In no folder of ours: on Windows none that a process is in can be removed.
    this.#child = fork(entry, [], { execArgv: [], env, cwd: tmpdir(), stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced' });
    this.#ready = new Promise(resolve => {
      this.#child.on('message', (reply: EvaluationReply) => {
        if ('ready' in reply) resolve(undefined);
        else if (reply.id === this.#lastId) this.#answer(reply.outcome);
      });
      const end = (ended: Ended): void => {
        this.#ended ??= ended;
        resolve(this.#ended);
        this.#answer(this.#ended);
      };
      this.#child.once('exit', (code, signal) => end({ code, signal }));
      this.#child.on('error', error => {
        this.#failure ??= error;
        end({ code: null, signal: null });
      });
    });
  }

  /** The answer; or how the process ended before it gave one. */
  async ask(task: EvaluationTask, cpuLimitMs: number): Promise<Outcome | Ended> {
    this.#hold(true);
    try {
      const ended = await this.#ready;
      if (ended) {
        evaluator = undefined;
        throw unavailable(this.#failure?.message ?? `it ended with ${ended.signal ?? `code ${ended.code}`} before it was ready`, this.#failure);
      }
      if (this.#ended) return this.#ended;
      const request: EvaluationRequest = { id: ++this.#lastId, task, cpuLimitMs };
      return await new Promise(resolve => {
        this.#answered = resolve;
        this.#child.send(request, error => {
          if (error) this.#answer(this.#ended ?? { code: 0, signal: null });
        });
      });
    } finally {
      this.#hold(false);
    }
  }

  #answer(answer: Outcome | Ended): void {
    this.#answered?.(answer);
    this.#answered = undefined;
  }

  /** Only a task keeps this process alive, not that another one waits for tasks. */
  #hold(isBusy: boolean): void {
    if (isBusy) {
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }
}

function unavailable(reason: string, cause?: Error): FlowError {
  return new FlowError('evaluator_unavailable', `Expected to begin the process that evaluates expressions and checks inputs, could not: ${reason}`, { cause });
}
