import { checkFlows } from '../../definition/check-names.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import type { Problem } from '../../definition/problem.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { readSource } from './read-source.ts';

const flowAdvice = 'give its file with --flow, or put it beside this one as `<id>.yml`';

/** Finds steps that start a flow that is not there, with file and line. */
export function checkReferences(file: string, definition: FlowDefinition, flows: readonly FlowDefinition[]): Problem[] {
  const plan = compileFlow(definition);
  const problems = checkFlows(plan, flows.map(({ id }) => id)).map(advise);
  if (problems.length === 0) return [];
  const source = readSource(file);
  if (!source) return problems;
  return problems.map(problem => {
    const position = Number(/^steps\[(\d+)\]/.exec(problem.place.path ?? '')?.[1]);
    const { code, expected, found } = problem;
    const place = source.locate({ code, expected, found, path: ['steps', position, 'uses'] });
    return { ...problem, place: { ...place, file, ...(problem.place.path !== undefined && { path: problem.place.path }) } };
  });
}

function advise(problem: Problem): Problem {
  return { ...problem, message: `${problem.message.replace(/\?$/, '? If not,')}${problem.message.endsWith('?') ? '' : ';'} ${flowAdvice}` };
}
