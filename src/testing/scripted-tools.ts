import type { Outcome } from '../core/outcome.ts';
import { fail } from '../core/outcome.ts';
import type { Tool, ToolCall } from '../kinds/flows/tool.ts';
import { scriptedCode } from './outcomes.ts';
import { toPlace } from './path-event.ts';
import { childTool } from './script-flow.ts';

/** A handler that was begun and waits to be told how it ends. */
export interface PendingCall {
  readonly executionId: string;
  readonly place: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly input: unknown;
  complete(output: unknown): void;
  fail(retryable: boolean): void;
}

/** What happened outside the database: the world that a crash cannot take back. */
export interface World {
  /** Every handler ever begun, in order. */
  readonly calls: PendingCall[];
  /** Handlers that nobody has answered yet, of processes that still live. */
  readonly pending: PendingCall[];
  /** Told before a handler begins. */
  onBegin: (call: PendingCall) => void;
}

export function createWorld(): World {
  return { calls: [], pending: [], onBegin: () => {} };
}

/** Makes a tool for each name; all of them wait for the script. */
export function createScriptedTools(names: readonly string[], world: World): Tool[] {
  const run = ({ executionId, stepId, item, attempt, idempotencyKey, input }: ToolCall<never>): Promise<unknown> =>
    new Promise<unknown>(resolve => {
      const end = (result: unknown): void => {
        const index = world.pending.indexOf(call);
        if (index >= 0) world.pending.splice(index, 1);
        resolve(result);
      };
      const call: PendingCall = {
        executionId,
        place: toPlace({ step: stepId, item }),
        attempt,
        idempotencyKey,
        input,
        complete: end,
        fail: retryable => end(toFailure(retryable)),
      };
      world.onBegin(call);
      world.calls.push(call);
      world.pending.push(call);
    });
  return [...names.map(name => ({ name, run })), { name: childTool, run: ({ input }) => (input as { value?: unknown }).value ?? {} }];
}

function toFailure(retryable: boolean): Outcome {
  return fail('The script says so', { code: scriptedCode, retryable });
}
