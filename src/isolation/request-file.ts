import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../../persistence/files/write-atomically.ts';
import { FlowError } from '../core/errors.ts';
import type { FlowDefinition } from '../definition/schema.ts';

const requestFile = 'request.json';
const errorFile = 'error.json';

/** What a process is to run, as it finds it in its folder. */
const requestSchema = z.object({
  format: z.literal('flowstone.request'),
  formatVersion: z.literal(1),
  executionId: z.string(),
  flowId: z.string(),
  input: z.unknown(),
  /** The flow and those it starts. */
  definitions: z.array(z.custom<FlowDefinition>()),
  /** Module that exports the tools; null: only built-in ones. */
  tools: z.string().nullable(),
  cwd: z.string(),
  durability: z.enum(['power', 'process']),
  /** How long handlers may still run after it was asked to stop, ms. */
  stopMs: z.number(),
  limits: z.object({ maxRunningSteps: z.number(), maxInterruptions: z.number(), maxOutputBytes: z.number(), expressionTimeLimitMs: z.number(), maxArtifactBytes: z.number() }),
  /** Folders for the files of artifacts, by flow. */
  outputDirs: z.record(z.string(), z.string()),
});
export type ProcessRequest = z.infer<typeof requestSchema>;

export function writeRequest(folder: string, request: ProcessRequest): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeAtomically(join(folder, requestFile), JSON.stringify(request));
  } catch (cause) {
    throw new FlowError('isolation_unavailable', `Expected ${folder} to be a folder that a process of its own can keep its files in: ${(cause as Error).message}. Name another one with \`isolation.folder\`, or run the flow in this process`, { cause });
  }
}

export const hasRequest = (folder: string): boolean => existsSync(join(folder, requestFile));

export function readRequest(folder: string): ProcessRequest {
  const path = join(folder, requestFile);
  const { data, error } = requestSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (data) return data;
  throw new FlowError('request_invalid', `Expected ${path} to say what to run: ${error.issues[0]?.message} at \`${error.issues[0]?.path.join('.')}\``, { cause: error });
}

/** Why a process could not go on, in its own words. */
export function writeProcessError(folder: string, error: { readonly code: string; readonly message: string }): void {
  writeAtomically(join(folder, errorFile), JSON.stringify(error));
}

export function readProcessError(folder: string): { readonly code: string; readonly message: string } | undefined {
  try {
    const { code, message } = JSON.parse(readFileSync(join(folder, errorFile), 'utf8')) as { code?: unknown; message?: unknown };
    return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined;
  } catch {
    // It left none: it was killed, or never got so far.
    return undefined;
  }
}
