import { toJsonSchema } from '../../core/schema-json.ts';
import { didYouMean, formatPath } from '../../core/wording.ts';
import { listExpressions } from '../../definition/check-expressions.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import { outlineSteps } from '../../definition/outline.ts';
import { findMissingPart } from '../../definition/output-part.ts';
import type { PlannedStep } from '../../definition/plan.ts';
import type { Problem } from '../../definition/problem.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { Tool } from '../../kinds/flows/tool.ts';
import { locateProblems } from './read-source.ts';

/** Whether the output of a step is what its tool gives, and nothing else can stand in for it. */
const isOwnOutput = ({ role, recover, onItemFailure }: PlannedStep): boolean =>
  role === 'task' && recover?.alternative == null && !recover?.ask && onItemFailure !== 'collect';

/** Holds what expressions read of the outputs of steps against the output schemas of their tools; with file and line. */
export function checkOutputReads(file: string, definition: FlowDefinition, tools: readonly Tool[]): Problem[] {
  const byName = new Map(tools.map(tool => [tool.name, tool]));
  const schemas = new Map<string, unknown>();
  const { steps } = compileFlow(definition);
  for (const step of steps) {
    const output = isOwnOutput(step) ? byName.get(step.target)?.output : undefined;
    if (output) schemas.set(step.id, toJsonSchema(output));
  }
  if (schemas.size === 0) return [];
  const problems = outlineSteps(definition).flatMap(step => listExpressions(step).flatMap(({ path, expression }) => expression.reads.outputPaths.flatMap(([id = '', ...names]): Problem[] => {
    const schema = schemas.get(id);
    const missing = schema === undefined ? undefined : findMissingPart(schema, names);
    if (!missing) return [];
    const name = names[missing.at] ?? '';
    const place = formatPath(path);
    const read = formatPath(['steps', id, 'output', ...names.slice(0, missing.at + 1)]);
    const hint = didYouMean(name, missing.known) || (missing.known.length > 0 ? `; there is ${missing.known.slice(0, 20).map(known => `\`${known}\``).join(', ')}` : '');
    const tool = steps.find(one => one.id === id)?.target ?? '';
    return [{ code: 'output_misfit', expected: `a part of the output of \`${tool}\``, found: `\`${name}\``, place: { path: place }, message: `Expected \`${read}\` to be something that the tool \`${tool}\` gives, got \`${name}\`${hint}` }];
  })));
  return locateProblems(file, problems);
}
