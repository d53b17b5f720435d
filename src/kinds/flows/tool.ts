import type { Logger } from '../../core/logger.ts';
import type { Transaction } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { isStandardSchema, type SchemaInput, type SchemaOutput, type StandardSchema } from '../../core/standard-schema.ts';
import type { Typed } from '../../core/typed.ts';
import { describeValue } from '../../core/wording.ts';
import type { ArtifactContent, ArtifactInfo, ArtifactOptions, ArtifactSource, ListArtifactsOptions } from './artifacts/artifact.ts';
import type { Interaction, InteractionAnswer, InteractionRequest } from './interactions/interaction.ts';
import type { Generated, GenerateRequest } from './interactions/model-client.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { PublishOptions, Queue } from '../contract/publishing.ts';

/** What a tool's `run` is called with. */
export interface ToolCall<Input = unknown> {
  readonly input: Input;
  /** Aborts on timeout, on cancel and when the runtime stops. */
  readonly signal: AbortSignal;
  readonly executionId: string;
  readonly flowId: string;
  readonly stepId: string;
  /** Place in the `for_each` list, 0-based; undefined for a step without one. */
  readonly item: number | undefined;
  /** 1-based. A run cut off by a crash is the same attempt again. */
  readonly attempt: number;
  /** The same in every attempt of this step: hand it to whatever must not happen twice. */
  readonly idempotencyKey: string;
  /** When the attempt times out, epoch ms; undefined: never. */
  readonly deadline: number | undefined;
  readonly logger: Logger;
  /**
   * Adds a write that is stored in the same transaction as this step's output: it happens exactly once.
   * Synchronous; one that throws fails the attempt and leaves nothing behind.
   */
  onCommit(write: (tx: Transaction) => void): void;
  /**
   * Stores a document now, in a commit of its own; resolves when it can be read. Names are relative paths, as
   * `plans/summary.md`. The step does not complete before it is stored, and fails when it cannot be.
   */
  artifact(name: string, content: ArtifactSource, options?: ArtifactOptions): Promise<ArtifactInfo>;
  /** Lists what this execution has made so far; `upstream`: only what the steps in `depends_on` have. */
  artifacts(options?: ListArtifactsOptions & { readonly upstream?: boolean }): Promise<ArtifactInfo[]>;
  /** Opens a document of this execution: the newest version, unless another is asked for. */
  readArtifact(name: string, options?: { readonly version?: number }): Promise<ArtifactContent>;
  /** Records a call of a language model: resolves when it is stored as pending. Say how it ended, or it counts as failed. */
  interaction(request: InteractionRequest): Promise<Interaction>;
  /** As above, around the call itself: what it answers completes the record, what it throws fails it. */
  interaction<Answer extends InteractionAnswer>(request: InteractionRequest, call: () => Promise<Answer>): Promise<Answer>;
  /** Asks the models of the step, one after the other until one answers; every call is recorded. */
  generate(request: GenerateRequest): Promise<Generated>;
  /**
   * Publishes in the transaction that stores this step's output: both happen, or neither. A queue that is full fails the
   * attempt.
   *
   * @returns the id the message will have
   * @throws a `FlowError` with code `payload_invalid`, `value_too_large` or `queue_unknown`
   */
  publish<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options?: PublishOptions): string;
}

/** What `run` may answer: an output, or how the attempt ends in place of one. */
export type ToolAnswer<Output> = Output | Outcome | Promise<Output | Outcome>;

export interface ToolOptions<Name extends string, Input extends StandardSchema, Output extends StandardSchema, Answer extends ToolAnswer<SchemaInput<Output>>> {
  /** As in `uses: tool:name`. */
  readonly name: Name;
  readonly description?: string;
  /** A schema of zod, Valibot, ArkType or the like. Checked before `run`; a mismatch fails the step with `tool_input_invalid`. */
  readonly input?: Input;
  /** Likewise. Checked after `run`; a mismatch fails the step with `tool_output_invalid`. Default: whatever `run` returns. */
  readonly output?: Output;
  readonly run: (call: ToolCall<SchemaOutput<Input>>) => Answer;
}

/** A tool; `Input` and `Output` are what flows that use it give and get. */
export interface Tool<Name extends string = string, Input = unknown, Output = unknown> extends Typed<{ readonly input: Input; readonly output: Output }> {
  readonly name: Name;
  readonly description?: string | undefined;
  readonly input?: StandardSchema | undefined;
  readonly output?: StandardSchema | undefined;
  readonly run: (call: ToolCall<never>) => unknown;
}

/** What a tool gives: what its schema makes of the answer, or the answer itself. */
type OutputOf<Output, Answer> = unknown extends SchemaOutput<Output> ? Exclude<Awaited<Answer>, Outcome> : SchemaOutput<Output>;

/**
 * Declares a tool with a typed input and output.
 *
 * @example
 * ```ts
 * import { defineTool } from 'flowstone';
 * import { z } from 'zod';
 *
 * const greet = defineTool({
 *   name: 'greet',
 *   input: z.object({ name: z.string() }),
 *   output: z.object({ text: z.string() }),
 *   run: ({ input }) => ({ text: `Hello ${input.name}` }),
 * });
 * ```
 *
 * @throws a `FlowError` with code `tool_invalid`
 */
export function defineTool<
  const Name extends string,
  Input extends StandardSchema = StandardSchema,
  Output extends StandardSchema = StandardSchema,
  Answer extends ToolAnswer<SchemaInput<Output>> = ToolAnswer<SchemaInput<Output>>,
>(options: ToolOptions<Name, Input, Output, Answer>): Tool<Name, SchemaInput<Input>, OutputOf<Output, Answer>> {
  const { name, input, output, run } = requireKnownKeys(options, toolKeys, isNamed(options) ? `the tool "${options.name}"` : '`defineTool`', 'tool_invalid');
  if (!isNamed(options)) throw new FlowError('tool_invalid', `Expected the \`name\` of a tool to be a text, got ${describeValue(name)}`);
  if (typeof run !== 'function') throw new FlowError('tool_invalid', `Expected \`run\` of the tool "${name}" to be a function, got ${describeValue(run)}`);
  for (const [key, schema] of Object.entries({ input, output })) {
    if (schema !== undefined && !isStandardSchema(schema)) throw new FlowError('tool_invalid', `Expected \`${key}\` of the tool "${name}" to be a schema of zod, Valibot, ArkType or another library that follows Standard Schema, got ${describeValue(schema)}`);
  }
  return options as unknown as Tool<Name, SchemaInput<Input>, OutputOf<Output, Answer>>;
}

const toolKeys: KeysOf<ToolOptions<string, StandardSchema, StandardSchema, unknown>> = { name: true, description: true, input: true, output: true, run: true };

const isNamed = (options: unknown): boolean => {
  const { name } = (options ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' && name !== '';
};
