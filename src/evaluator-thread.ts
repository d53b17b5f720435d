/* The thread of the evaluating process: does one task after the other, without a limit of its own. */
import { parentPort } from 'node:worker_threads';
import { isFlowError } from './core/errors.ts';
import { performTask } from './definition/perform-task.ts';
import type { EvaluationTask, Outcome, ThreadMessage } from './evaluator/evaluation-task.ts';

const post = (message: ThreadMessage): void => parentPort?.postMessage(message);

async function perform(task: EvaluationTask): Promise<Outcome> {
  try {
    const value = await performTask(task, () => post({ begun: true }));
    return { value };
  } catch (error) {
    if (!isFlowError(error)) throw error;
    const { code, message, details } = error;
    return { error: { code, message, ...(details && { details }) } };
  }
}

parentPort?.on('message', (task: EvaluationTask) => {
  // What is no `FlowError` ends the thread; its process reports it.
  void perform(task).then(outcome => post({ outcome }));
});
