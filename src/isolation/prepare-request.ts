import type { FlowPlan } from '../definition/plan.ts';
import type { OutputDir } from '../kinds/flows/artifacts/output-files.ts';
import type { ExecutionHeader } from '../kernel/rows.ts';
import type { ResolvedIsolation } from './isolation-options.ts';
import type { ProcessRequest } from './request-file.ts';
import { writeRequest } from './request-file.ts';

/** What every request of a runtime says. */
export interface RequestContext {
  readonly limits: ProcessRequest['limits'];
  readonly outputDir: OutputDir | undefined;
}

/** Writes down what a process is to run, where it will look for it. */
export function prepareRequest(
  folder: string,
  header: Pick<ExecutionHeader, 'executionId' | 'flowId' | 'input'>,
  plans: readonly FlowPlan[],
  { tools, durability, killAfterMs }: ResolvedIsolation,
  { limits, outputDir }: RequestContext,
): void {
  const { executionId, flowId, input } = header;
  // A function of this process cannot be asked over there.
  const outputDirs = plans.flatMap(({ definition: { id } }) => {
    const chosen = typeof outputDir === 'function' ? outputDir({ executionId, flowId: id }) : outputDir;
    return chosen === undefined ? [] : [[id, chosen] as const];
  });
  writeRequest(folder, {
    format: 'flowstone.request', formatVersion: 1,
    executionId, flowId, input: JSON.parse(input), definitions: plans.map(({ definition }) => definition),
    tools: tools ?? null, cwd: process.cwd(), durability, stopMs: Math.floor(killAfterMs / 2), limits, outputDirs: Object.fromEntries(outputDirs),
  });
}
