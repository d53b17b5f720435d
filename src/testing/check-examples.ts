import { listIssues, validate } from '../core/standard-schema.ts';
import type { Problem } from '../definition/problem.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { Tool } from '../kinds/flows/tool.ts';

/**
 * Holds the `examples` of steps against the output schemas of their tools.
 *
 * A schema that only answers later is asked when a path runs.
 */
export function findExampleMisfits({ steps }: FlowDefinition, tools: readonly Tool[]): Problem[] {
  const byUse = new Map(tools.flatMap(tool => [[tool.name, tool], [`tool:${tool.name}`, tool]]));
  return steps.flatMap(({ id, uses, examples = [] }, position) => {
    const tool = byUse.get(uses);
    const { output } = tool ?? {};
    if (!tool || !output) return [];
    return examples.flatMap((example, index) => {
      const result = validate(output, example);
      if (result instanceof Promise || !result.issues) return [];
      const path = `steps[${position}].examples[${index}]`;
      const issues = listIssues(result.issues, 'output').join('; ');
      const message = `Expected the example ${index + 1} of \`${id}\` to fit the output of the tool \`${tool.name}\`: ${issues}`;
      return { code: 'example_misfit', expected: issues, found: path, place: { path }, message };
    });
  });
}
