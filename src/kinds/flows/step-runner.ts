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
import type { Ping } from '../../kernel/runs.ts';
import type { OwnWrite } from '../../engine/kind.ts';
import type { CallActions } from './step-call.ts';
import { StepCall } from './step-call.ts';
import type { Pong, Session } from './step-session.ts';
import type { PublishOptions, PublishRequest, Queue, StepPublishing } from '../contract/publishing.ts';
import type { Outcome } from '../../core/outcome.ts';
import { isOutcome } from '../../core/outcome.ts';
import type { Tool, ToolCall } from './tool.ts';

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

type Report = (pong: Pong, late: boolean) => void;

/** What is to follow in the same turn of the event loop follows this. `queueMicrotask` keeps an account of each call, which costs more. */
const present = Promise.resolve();

/**
 * One run of a handler: invoke → settle → report. Never throws; reports exactly once in time, and once more, marked late, when a
 * handler answers after its timeout or abort. What most handlers never ask for is made when it is asked for.
 */
export class StepRun implements Running, CallActions {
  readonly #ping: Ping;
  readonly #tool: Tool;
  readonly #options: StepRunnerOptions;
  readonly #open: () => Session;
  readonly #closes: boolean;
  readonly #report: Report;
  #controller: AbortController | undefined;
  #aborted: Error | undefined;
  #answered = false;
  #dropTimeout: (() => void) | undefined;
  #writes: OwnWrite[] | undefined;
  #session: Session | undefined;
  #publishes: PublishRequest[] | undefined;

  /**
   * @param open makes its session, when that is first needed
   * @param closes whether there is something to make of the output itself
   */
  constructor(ping: Ping, tool: Tool, options: StepRunnerOptions, open: () => Session, closes: boolean, report: Report) {
    this.#ping = ping;
    this.#tool = tool;
    this.#options = options;
    this.#open = open;
    this.#closes = closes;
    this.#report = report;
  }

  begin(): void {
    const { timeoutMs } = this.#ping;
    const deadline = timeoutMs === null ? undefined : this.#options.clock.now() + timeoutMs;
    if (timeoutMs !== null) this.#armTimeout(timeoutMs);
    this.#invoke(new StepCall(this.#ping, deadline, this));
  }

  abort(reason: StepFailure): void {
    // Nobody waits for its answer any more, so there is none that could be in time.
    this.#dropTimeout?.();
    this.#answered = true;
    this.#abort(reason);
  }

  // for the handler

  getSignal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  getLogger(): Logger {
    const { executionId, stepId } = this.#ping;
    return this.#options.logger.child({ executionId, stepId });
  }

  getSession(): Session {
    return (this.#session ??= this.#open());
  }

  onCommit(write: OwnWrite): void {
    (this.#writes ??= []).push(write);
  }

  publish(queue: Queue | string, payload: unknown, how?: PublishOptions): string {
    const { publishing } = this.#options;
    if (!publishing) throw new FlowError('queues_unavailable', 'Expected a runtime with queues, this handler runs without one');
    const { executionId, stepId, item } = this.#ping;
    const request = publishing.toRequest(queue, payload, how, `${executionId}/${stepId}${item === undefined ? '' : `[${item}]`}`);
    (this.#publishes ??= []).push(request);
    return request.messageId;
  }

  // invoke

  #invoke(call: StepCall): void {
    const { input: schema } = this.#tool;
    const { input } = this.#ping;
    try {
      if (!schema) return this.#run(call, input);
      const checked = validate(schema, input);
      if (checked instanceof Promise) checked.then(result => this.#runChecked(call, result), error => this.#failWith(error));
      else this.#runChecked(call, checked);
    } catch (error) {
      void present.then(() => this.#conclude({ type: 'failed', failure: toFailure(error) }));
    }
  }

  #runChecked(call: StepCall, checked: SchemaResult<unknown>): void {
    if (!checked.issues) return this.#run(call, checked.value);
    const failure = toMismatch('tool_input_invalid', this.#tool, 'input', checked.issues);
    void present.then(() => this.#answer({ type: 'failed', failure }));
  }

  #run(call: StepCall, checked: unknown): void {
    // The attempt may have ended while its input was checked.
    if (this.#answered) return;
    try {
      const given = checked === this.#ping.input ? call : Object.defineProperty(call, 'input', { value: checked, enumerable: true });
      const result = (this.#tool.run as (call: ToolCall) => unknown)(given);
      if (result instanceof Promise || isThenable(result)) result.then(value => this.#settle(value), error => this.#conclude({ type: 'failed', failure: toFailure(error) }));
      else void present.then(() => this.#settle(result));
    } catch (error) {
      void present.then(() => this.#conclude({ type: 'failed', failure: toFailure(error) }));
    }
  }

  // settle

  #settle(value: unknown): void {
    try {
      const { output } = this.#tool;
      if (isOutcome(value)) return this.#conclude(toPong(value));
      if (!output) return this.#conclude(this.#complete(value));
      const checked = validate(output, value);
      if (!(checked instanceof Promise)) return this.#conclude(this.#completeChecked(checked));
      checked.then(result => this.#completeChecked(result)).then(pong => this.#conclude(pong), error => this.#conclude(refuse(error)));
    } catch (error) {
      this.#conclude(refuse(error));
    }
  }

  #completeChecked(checked: SchemaResult<unknown>): Pong {
    if (!checked.issues) return this.#complete(checked.value);
    return { type: 'failed', failure: toMismatch('tool_output_invalid', this.#tool, 'output', checked.issues) };
  }

  #complete(output: unknown): Pong {
    const { publishing, maxOutputBytes } = this.#options;
    const posts = this.#publishes && publishing && [publishing.toCommand(this.#publishes)];
    return { type: 'completed', output: encodeJson(output, { maxBytes: maxOutputBytes, name: 'output' }), writes: this.#writes, posts };
  }

  // report

  /** Artifacts are stored with the success, or before it. */
  #conclude(pong: Pong): void {
    if (!this.#session && !this.#closes) return this.#answer(pong);
    this.getSession().close(pong).then(closed => this.#answer(closed), error => this.#failWith(error));
  }

  #failWith(error: unknown): void {
    this.#answer({ type: 'failed', failure: toFailure(error) });
  }

  #answer(pong: Pong): void {
    this.#dropTimeout?.();
    const late = this.#answered;
    this.#answered = true;
    this.#report(pong, late);
  }

  // in time

  #abort(reason: StepFailure): void {
    this.#aborted ??= Object.assign(new Error(reason.message), { name: 'AbortError', code: reason.code });
    this.#controller?.abort(this.#aborted);
    this.#session?.abort(reason);
  }

  #armTimeout(timeoutMs: number): void {
    this.#dropTimeout = setDeadline(this.#options.clock, timeoutMs, () => {
      const failure = { ...createFailure('step_timeout', `The attempt took longer than ${timeoutMs} ms`, { timeoutMs }), retryable: true };
      this.#abort(failure);
      this.#answer({ type: 'failed', failure });
    });
  }
}

const refuse = (error: unknown): Pong => ({ type: 'failed', failure: toFailure(error, error instanceof FlowError ? false : undefined) });

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

