import type { Logger } from '../../core/logger.ts';
import type { Clock } from '../../core/clock.ts';
import { setDeadline } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import { encodeJson } from '../../core/json.ts';
import { cutMessage, toFailure } from '../../core/thrown-failure.ts';
import { listIssues, type SchemaIssue, type SchemaResult, validate } from '../../core/standard-schema.ts';
import { describeValue } from '../../core/wording.ts';
import type { Interaction, InteractionAnswer, InteractionRequest } from './interactions/interaction.ts';
import type { Generated, GenerateRequest } from './interactions/model-client.ts';
import type { Ping } from '../../kernel/ping.ts';
import type { Envelope, OwnWrite } from '../../engine/kind.ts';
import { StepCall } from './step-call.ts';
import type { PublishRequest, StepPublishing } from '../contract/publishing.ts';
import type { Outcome } from '../../core/outcome.ts';
import { isOutcome } from '../../core/outcome.ts';
import type { Tool, ToolCall } from './tool.ts';

/** The one answer to a ping. `output` is JSON text. */
export type Pong =
  | { readonly type: 'completed'; readonly output: string; readonly writes: readonly OwnWrite[] | undefined; readonly posts?: readonly Envelope[] | undefined }
  | { readonly type: 'failed'; readonly failure: StepFailure; readonly retryAfterMs?: number | undefined };

/** A handler that runs. */
export interface Running {
  /** Tells the handler to stop. What it still answers is reported as late. */
  abort(reason: StepFailure): void;
}

export interface StepRunnerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxOutputBytes: number;
  readonly publishing?: StepPublishing | undefined;
}

/** What a handler makes beside its output, from the first call to the end of its run. */
export interface Session extends Pick<ToolCall, 'artifact' | 'artifacts' | 'readArtifact'> {
  interaction(request: InteractionRequest): Promise<Interaction>;
  interact<Answer extends InteractionAnswer>(request: InteractionRequest, call: () => Promise<Answer>): Promise<Answer>;
  generate(request: GenerateRequest, signal: AbortSignal): Promise<Generated>;
  abort(reason: StepFailure): void;
  /** Turns what the handler came to into what is stored. */
  close(pong: Pong): Promise<Pong>;
}

export interface SessionSource {
  /** Called when it is first needed. */
  readonly open: () => Session;
  /** Whether there is something to make of the output itself. */
  readonly closes: boolean;
}


/**
 * Runs one handler: invoke → settle → report. Never throws; reports exactly once in time, and once more, marked late,
 * when a handler answers after its timeout or abort.
 */
export function runStep(ping: Ping, tool: Tool, options: StepRunnerOptions, source: SessionSource, report: (pong: Pong, late: boolean) => void): Running {
  let controller: AbortController | undefined;
  let aborted: Error | undefined;
  let answered = false;
  let dropTimeout = (): void => {};
  let writes: OwnWrite[] | undefined;
  let session: Session | undefined;
  let publishes: PublishRequest[] | undefined;
  const { clock, logger, maxOutputBytes, publishing } = options;
  const { timeoutMs, input } = ping;

  const abort = (reason: StepFailure): void => {
    aborted ??= Object.assign(new Error(reason.message), { name: 'AbortError', code: reason.code });
    controller?.abort(aborted);
    session?.abort(reason);
  };
  const open = (): Session => (session ??= source.open());
  const answer = (pong: Pong): void => {
    dropTimeout();
    const late = answered;
    answered = true;
    report(pong, late);
  };

  const deadline = timeoutMs === null ? undefined : clock.now() + timeoutMs;
  const getSignal = (): AbortSignal => {
    if (!controller) {
      controller = new AbortController();
      if (aborted) controller.abort(aborted);
    }
    return controller.signal;
  };
  const call = new StepCall(ping, deadline, {
    getSignal,
    getLogger: () => logger.child({ executionId: ping.executionId, stepId: ping.stepId }),
    onCommit(write) {
      (writes ??= []).push(write);
    },
    artifact: (name, content, given) => open().artifact(name, content, given),
    artifacts: given => open().artifacts(given),
    readArtifact: (name, given) => open().readArtifact(name, given),
    interaction: ((request: InteractionRequest, ask?: () => Promise<InteractionAnswer>) => (ask ? open().interact(request, ask) : open().interaction(request))) as ToolCall['interaction'],
    generate: request => open().generate(request, getSignal()),
    publish(queue, payload, how) {
      if (!publishing) throw new FlowError('queues_unavailable', 'Expected a runtime with queues, this handler runs without one');
      const request = publishing.toRequest(queue, payload, how, `${ping.executionId}/${ping.stepId}${ping.item === undefined ? '' : `[${ping.item}]`}`);
      (publishes ??= []).push(request);
      return request.messageId;
    },
  });
  /** Artifacts are stored with the success, or before it. */
  const conclude = (pong: Pong): void => {
    if (!session && !source.closes) return answer(pong);
    open().close(pong).then(answer, failWith);
  };

  const settle = (value: unknown): Pong | Promise<Pong> => {
    if (isOutcome(value)) return toPong(value);
    if (!tool.output) return complete(value);
    const checked = validate(tool.output, value);
    return checked instanceof Promise ? checked.then(completeChecked) : completeChecked(checked);
  };
  const completeChecked = (checked: SchemaResult<unknown>): Pong =>
    checked.issues ? { type: 'failed', failure: toMismatch('tool_output_invalid', tool, 'output', checked.issues) } : complete(checked.value);
  const complete = (output: unknown): Pong => {
    const posts = publishes && publishing && [publishing.toCommand(publishes)];
    return { type: 'completed', output: encodeJson(output, { maxBytes: maxOutputBytes, name: 'output' }), writes, posts };
  };
  const refuse = (error: unknown): Pong => ({ type: 'failed', failure: toFailure(error, error instanceof FlowError ? false : undefined) });
  const settleSafely = (value: unknown): void => {
    try {
      const pong = settle(value);
      if (pong instanceof Promise) pong.then(conclude, error => conclude(refuse(error)));
      else conclude(pong);
    } catch (error) {
      conclude(refuse(error));
    }
  };
  const failWith = (error: unknown): void => answer({ type: 'failed', failure: toFailure(error) });

  if (timeoutMs !== null) armTimeout(timeoutMs);
  invoke();
  return {
    abort(reason) {
      // Nobody waits for its answer any more, so there is none that could be in time.
      dropTimeout();
      answered = true;
      abort(reason);
    },
  };

  function armTimeout(ms: number): void {
    dropTimeout = setDeadline(clock, ms, () => {
      const failure = { ...createFailure('step_timeout', `The attempt took longer than ${timeoutMs} ms`, { timeoutMs }), retryable: true };
      abort(failure);
      answer({ type: 'failed', failure });
    });
  }

  function invoke(): void {
    try {
      if (!tool.input) return run(input);
      const checked = validate(tool.input, input);
      if (checked instanceof Promise) checked.then(runChecked, failWith);
      else runChecked(checked);
    } catch (error) {
      queueMicrotask(() => conclude({ type: 'failed', failure: toFailure(error) }));
    }
  }

  function runChecked(checked: SchemaResult<unknown>): void {
    if (!checked.issues) return run(checked.value);
    const failure = toMismatch('tool_input_invalid', tool, 'input', checked.issues);
    queueMicrotask(() => answer({ type: 'failed', failure }));
  }

  function run(checked: unknown): void {
    // The attempt may have ended while its input was checked.
    if (answered) return;
    try {
      const result = (tool.run as (call: ToolCall) => unknown)(checked === input ? call : Object.defineProperty(call, 'input', { value: checked, enumerable: true }));
      if (result instanceof Promise || isThenable(result)) result.then(settleSafely, error => conclude({ type: 'failed', failure: toFailure(error) }));
      else queueMicrotask(() => settleSafely(result));
    } catch (error) {
      queueMicrotask(() => conclude({ type: 'failed', failure: toFailure(error) }));
    }
  }
}

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

function toMismatch(code: string, tool: Tool, what: string, issues: readonly SchemaIssue[]): StepFailure {
  const problems = listIssues(issues, what);
  return createFailure(code, `The ${what} of tool "${tool.name}" does not fit its schema: ${problems.join('; ')}`, { problems });
}

/** Largest `details` of a failure, bytes of JSON. */
const maxDetailBytes = 65_536;
/** Longest wait a tool may ask for, ms: a hundred years. */
const maxRetryAfterMs = 100 * 365.25 * 86_400_000;

/** Checks what `fail` and `retryAfter` were given: it goes into rows and journal as it is. */
function toPong({ failure, retryAfterMs }: Outcome): Pong {
  const { code, message, retryable, details } = failure;
  if (typeof code !== 'string' || typeof message !== 'string' || typeof retryable !== 'boolean') {
    throw new FlowError('outcome_invalid', `Expected \`fail\` to be given texts as message and code, and true or false as \`retryable\`, got ${describeValue(message)}, ${describeValue(code)} and ${describeValue(retryable)}`);
  }
  if (details !== undefined) encodeJson(details, { maxBytes: maxDetailBytes, name: 'details' });
  if (retryAfterMs !== undefined && !(typeof retryAfterMs === 'number' && retryAfterMs <= maxRetryAfterMs)) {
    throw new FlowError('outcome_invalid', `Expected \`retryAfter\` to be given ms, at most ${maxRetryAfterMs}, got ${describeValue(retryAfterMs)}`);
  }
  const wait = retryAfterMs === undefined ? undefined : Math.max(0, Math.ceil(retryAfterMs));
  return { type: 'failed', failure: { ...failure, message: cutMessage(message) }, retryAfterMs: wait };
}

