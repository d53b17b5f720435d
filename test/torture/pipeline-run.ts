import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createRuntime, loadFlow, type Runtime, type RuntimeOptions, type Tool, type ToolCall } from 'flowstone';
import { models, tools } from '../../docs/examples/planning-pipeline.tools.ts';

const flow = await loadFlow(join(import.meta.dirname, '../../docs/examples/planning-pipeline.yml'));

/** Opens a runtime for the planning pipeline; every beginning of a handler is told first. */
export function openPipeline(options: Pick<RuntimeOptions, 'store' | 'outputDir'>, note: (call: ToolCall) => void): Promise<Runtime> {
  const noting = Object.entries(tools).map(([name, run]): Tool => ({
    name,
    run(call) {
      note(call as ToolCall);
      return run(call as never) as never;
    },
  }));
  return createRuntime({ ...options, flows: [flow], tools: noting, models, listen: false, maxInterruptions: 1_000 });
}

/**
 * Starts the plan, or goes on with it, until it has settled and its files are written.
 *
 * @param folder where to, if it had settled before; default: where they were written then
 */
export async function makePlan(runtime: Runtime, folder?: string): Promise<string> {
  const execution = await runtime.start('planning-pipeline', { idempotencyKey: 'plan' });
  const { passed } = await execution.settled();
  if (!passed) throw new Error('The plan did not pass');
  // One that had settled before does not go on, so nobody has looked at its folder.
  if (!execution.created) await runtime.artifacts.writeFiles(execution.executionId, folder);
  return execution.executionId;
}

/** Every file below a folder with the digest of its bytes, as lines in order. */
export function readTree(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .map(file => `${relative(folder, file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
    .toSorted();
}
