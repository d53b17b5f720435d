import { formatPath } from '../../core/wording.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import type { PlannedStep } from '../../definition/plan.ts';
import type { Problem } from '../../definition/problem.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { Tool } from '../../kinds/flows/tool.ts';
import { locateProblems } from './read-source.ts';

/** Whether a text, or one in a value, is an expression: what it comes to is not known before it runs. */
const isDynamic = (value: unknown): boolean =>
  typeof value === 'string' ? value.includes('{%') : typeof value === 'object' && value !== null && Object.values(value).some(isDynamic);

const toKey = (key: PropertyKey): string | number => (typeof key === 'number' ? key : String(key));

/** What stands at a path, or the text on the way to it: a schema may take a text apart that is an expression here. */
function readAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : at), value);
}

/** What the schema of a tool says of the constant parts of a step's `with`. */
function findMisfits({ position, id, with: given, forEach }: PlannedStep, written: unknown, { name, input }: Tool): Pick<Problem, 'code' | 'message' | 'expected' | 'found' | 'place'>[] {
  if (!input || (given === null && forEach !== null)) return [];
  const value = written ?? {};
  const result = input['~standard'].validate(value);
  // A schema that only answers later is asked when the step runs.
  if (result instanceof Promise || !result.issues) return [];
  return result.issues.map(({ message, path = [] }) => ({ message, path: path.map(part => toKey(typeof part === 'object' ? part.key : part)) }))
    .filter(({ message, path }) => !isDynamic(readAt(value, path)) || /unrecognized key/i.test(message))
    .map(({ message, path }) => {
      const place = formatPath(['steps', position, 'with', ...path]);
      const where = path.length === 0 ? '' : `\`${formatPath(path)}\`: `;
      return { code: 'with_misfit', expected: message, found: place, place: { path: place }, message: `Expected \`with\` of \`${id}\` to fit the input of the tool \`${name}\`: ${where}${message}` };
    });
}

/** Holds what a definition hands to tools against their input schemas, as far as no expression is in it; with file and line. */
export function checkToolInputs(file: string, definition: FlowDefinition, tools: readonly Tool[]): Problem[] {
  const byName = new Map(tools.map(tool => [tool.name, tool]));
  const { steps } = compileFlow(definition);
  const problems = steps.flatMap(step => {
    const tool = step.role === 'task' ? byName.get(step.target) : undefined;
    return tool ? findMisfits(step, definition.steps[step.position]?.with, tool) : [];
  });
  return locateProblems(file, problems);
}
