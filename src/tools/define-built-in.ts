import type { SchemaInput, SchemaOutput, StandardSchema } from '../core/standard-schema.ts';
import type { StepFailure } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import { fail } from '../core/outcome.ts';
import { defineTool } from '../kinds/flows/tool.ts';
import type { Tool, ToolCall } from '../kinds/flows/tool.ts';

/** Carries a failure out of nested calls to the tool's edge, where it becomes an outcome. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly failure: StepFailure;
  readonly retryAfterMs: number | undefined;

  constructor(failure: StepFailure, retryAfterMs?: number) {
    super(failure.message);
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Makes a failure that another attempt would only repeat. */
export function permanent(code: string, message: string, details?: { readonly [key: string]: unknown }): ToolFailure {
  return new ToolFailure({ code, message, retryable: false, ...(details && { details }) });
}

/** Makes a failure that another attempt may get around. */
export function transient(code: string, message: string, details?: { readonly [key: string]: unknown }, retryAfterMs?: number): ToolFailure {
  return new ToolFailure({ code, message, retryable: true, ...(details && { details }) }, retryAfterMs);
}

interface BuiltInOptions<Name extends string, Input extends StandardSchema, Output extends StandardSchema> {
  readonly name: Name;
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly run: (call: ToolCall<SchemaOutput<Input>>) => Promise<SchemaInput<Output>>;
}

/** Declares a tool whose `run` may throw a `ToolFailure`. An abort is thrown on as it is: the runtime knows its reason. */
export function defineBuiltIn<const Name extends string, Input extends StandardSchema, Output extends StandardSchema>(
  options: BuiltInOptions<Name, Input, Output>,
): Tool<Name, SchemaInput<Input>, SchemaOutput<Output>> {
  return defineTool({
    ...options,
    async run(call: ToolCall<SchemaOutput<Input>>): Promise<SchemaInput<Output> | Outcome> {
      try {
        call.signal.throwIfAborted();
        return await options.run(call);
      } catch (error) {
        call.signal.throwIfAborted();
        if (!(error instanceof ToolFailure)) throw error;
        const { code, message, retryable, details } = error.failure;
        const outcome = fail(message, { code, retryable, ...(details && { details }) });
        return error.retryAfterMs === undefined ? outcome : { ...outcome, retryAfterMs: error.retryAfterMs };
      }
    },
  }) as Tool<Name, SchemaInput<Input>, SchemaOutput<Output>>;
}

/** The `code` of a system error (`ENOENT`), or undefined. */
export function toErrno(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
