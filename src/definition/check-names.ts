import { readUses } from './step-kinds.ts';
import { didYouMean } from '../core/wording.ts';
import type { StepOutline } from './outline.ts';
import type { FlowPlan } from './plan.ts';
import type { Finding, Problem } from './problem.ts';

const expectedTool = 'the name of a tool that is there';
const expectedMachine = 'the id of a machine that is there';
const expectedFlow = 'the id of a flow that is there';

/** Finds the steps that use a tool which is not among the given names. */
export function checkTools(steps: readonly StepOutline[], names: Iterable<string>): Finding[] {
  const known = new Set(names);
  return steps.flatMap(({ position, uses }) => {
    const name = uses?.startsWith('tool:') ? uses.slice('tool:'.length) : undefined;
    if (name === undefined || known.has(name)) return [];
    const path = ['steps', position, 'uses'];
    const guess = didYouMean(name, known);
    const advice = `${guess === '' ? ';' : `${guess} If not,`} hand over its tool, on the command line with --tools`;
    const message = `Expected \`steps[${position}].uses\` to be ${expectedTool}, got \`${name}\`${advice}`;
    return [{ code: 'unknown_tool', path, expected: expectedTool, found: `\`${name}\``, message }];
  });
}

/** Finds the steps that are a machine which is not among the given ids. */
export function checkMachines(steps: readonly StepOutline[], ids: Iterable<string>): Finding[] {
  const known = new Set(ids);
  return steps.flatMap(({ position, uses }) => {
    const read = uses === undefined ? undefined : readUses(uses);
    const id = read?.kind.role === 'machine' ? read.target : undefined;
    if (id === undefined || known.has(id)) return [];
    const guess = didYouMean(id, known);
    const advice = `${guess === '' ? ';' : `${guess} If not,`} hand over the machine, on the command line as an export of the module of --tools`;
    const message = `Expected \`steps[${position}].uses\` to be ${expectedMachine}, got \`${id}\`${advice}`;
    return [{ code: 'unknown_machine', path: ['steps', position, 'uses'], expected: expectedMachine, found: `\`${id}\``, message }];
  });
}

/** Finds the steps that start a flow which is not among the given ids. */
export function checkFlows(plan: FlowPlan, ids: Iterable<string>): Problem[] {
  const known = new Set(ids);
  return plan.steps.flatMap(({ id, position, target, role }) => {
    if (role !== 'flow' || known.has(target)) return [];
    const message = `Expected \`uses\` of \`${id}\` to name a flow that is there, got \`${target}\`${didYouMean(target, known)}`;
    return [{ code: 'unknown_flow', message, place: { path: `steps[${position}].uses` }, expected: expectedFlow, found: `\`${target}\`` }];
  });
}
