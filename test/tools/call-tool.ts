import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { StepFailure } from '../../src/core/failure.ts';
import { builtInTools } from '../../src/tools/built-in.ts';
import { listIssues, type StandardSchema, validateAtOnce } from '../../src/core/standard-schema.ts';
import { projectTools } from '../../src/tools/project-tools.ts';
import { isOutcome } from '../../src/core/outcome.ts';
import type { Tool, ToolCall } from '../../src/kinds/flows/tool.ts';

interface Options {
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
}

function check(schema: StandardSchema, value: unknown): unknown {
  const checked = validateAtOnce(schema, value, 'the tool');
  if (checked.issues) throw new Error(listIssues(checked.issues, 'value').join('; '));
  return checked.value;
}

/** Calls a tool as the runtime does: input checked, output checked. */
export async function callTool(tool: Tool | string, input: unknown, options: Options = {}): Promise<unknown> {
  const found = typeof tool === 'string' ? [...builtInTools, ...projectTools].find(({ name }) => name === tool) : tool;
  if (!found?.input || !found.output) throw new Error(`There is no tool ${JSON.stringify(tool)}`);
  // Built-in tools make nothing beside their outputs.
  const call = {
    input: check(found.input, input),
    signal: options.signal ?? new AbortController().signal,
    executionId: 'e1',
    flowId: 'f1',
    stepId: 's1',
    item: undefined,
    attempt: 1,
    idempotencyKey: options.idempotencyKey ?? 'e1/s1#1',
    deadline: undefined,
    logger: pino({ level: 'silent' }),
    onCommit: () => undefined,
  } as Partial<ToolCall> as ToolCall;
  const result = await (found.run as (call: ToolCall) => unknown)(call);
  return isOutcome(result) ? result : check(found.output, JSON.parse(JSON.stringify(result)));
}

/** Calls a tool that must complete. */
export async function outputOf<Output>(tool: Tool | string, input: unknown, options?: Options): Promise<Output> {
  const result = await callTool(tool, input, options);
  if (isOutcome(result)) throw new Error(`Failed with ${result.failure.code}: ${result.failure.message}`);
  return result as Output;
}

/** Calls a tool that must fail. */
export async function failureOf(tool: Tool | string, input: unknown, options?: Options): Promise<StepFailure & { retryAfterMs?: number }> {
  const result = await callTool(tool, input, options);
  if (!isOutcome(result)) throw new Error(`Expected a failure, got ${JSON.stringify(result)}`);
  return { ...result.failure, ...(result.retryAfterMs !== undefined && { retryAfterMs: result.retryAfterMs }) };
}

/** Makes a folder with files in it, for one test. */
export async function makeFolder(files: { readonly [file: string]: string | Buffer } = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'flowstone-tools-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), content);
  }
  return folder;
}
