import { dirname } from 'node:path';
import { mayBeBenchmark, type PlanBenchmark, readBenchmarkText } from '../../benchmark-format/load-benchmark.ts';
import { benchmarkToolNames } from '../../benchmark-format/convert-benchmark.ts';
import { listIssues, validate } from '../../core/standard-schema.ts';
import { examine, type ExamineOptions, locateByPath } from '../../definition/examine.ts';
import { readDefinition } from '../../definition/load-flow.ts';
import { parseFlow } from '../../definition/parse.ts';
import { toDefinitionError } from '../../definition/problem.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { isOutcome } from '../../core/outcome.ts';
import type { Tool } from '../../kinds/flows/tool.ts';
import { readModulePlace, requireFlowExport } from './flow-exports.ts';

/**
 * Reads a flow, imports it from a module (`flows.ts`, `flows.ts#id`), or makes one of a benchmark file.
 *
 * @param names of all tools there are; undefined: any name will do
 * @param machines ids of all machines there are; undefined: any id will do
 */
export async function loadDefinition(file: string, names?: readonly string[], tools: readonly Tool[] = [], machines?: readonly string[]): Promise<FlowDefinition> {
  const place = readModulePlace(file);
  if (place) return checkExported((await requireFlowExport(place, dirname(file))).definition, { tools: names, machines });
  const text = await readDefinition(file);
  const benchmark = mayBeBenchmark(text) ? await readBenchmarkText(text, file, { plan: findPlanner(tools), tools: tools.length > 0 ? names : undefined }) : undefined;
  return benchmark ? benchmark.definition : parseFlow(text, { file, ...(names && { tools: names }), ...(machines && { machines }) });
}

/** A flow of a program was checked when that defined it, but for the names of what it uses. */
function checkExported(definition: FlowDefinition, known: Pick<ExamineOptions, 'tools' | 'machines'>): FlowDefinition {
  const examined = examine(definition, locateByPath, { ...known, mayMissFunctions: true });
  if ('problems' in examined) throw toDefinitionError(examined.problems, `flow \`${definition.id}\``);
  return definition;
}

/** A tool that plans: it is called when a file is read, and not as a step. */
function findPlanner(tools: readonly Tool[]): PlanBenchmark | undefined {
  const tool = tools.find(({ name }) => name === benchmarkToolNames.plan);
  if (!tool) return undefined;
  return async benchmark => {
    const checked = tool.input && await validate(tool.input, benchmark);
    if (checked?.issues) throw new Error(listIssues(checked.issues, 'benchmark').join('; '));
    const input = checked ? checked.value : benchmark;
    const planned = await (tool.run as (call: { readonly input: unknown }) => unknown)({ input });
    if (isOutcome(planned)) throw new Error(planned.failure.message);
    return planned;
  };
}
