import { didYouMean } from '../core/wording.ts';
import { findAlternatives } from './find-alternatives.ts';
import { createGraph, findCycles, type StepGraph } from './graph.ts';
import type { StepOutline } from './outline.ts';
import type { Finding } from './problem.ts';

/** The steps of a definition by id and by dependency, with what is wrong in it. */
export interface CheckedGraph {
  /** Where each id is in the list of outlines. */
  readonly positions: ReadonlyMap<string, number>;
  readonly graph: StepGraph;
  readonly hasCycle: boolean;
  /** Steps that stand in for others: whom, by place in the list of outlines. */
  readonly alternatives: ReadonlyMap<number, number>;
  readonly findings: readonly Finding[];
}

/** Checks ids and dependencies: duplicates, unknown ids, cycles. */
export function checkGraph(steps: readonly StepOutline[]): CheckedGraph {
  const findings: Finding[] = [];
  const positions = new Map<string, number>();
  for (const [at, { id, position }] of steps.entries()) {
    if (id === undefined) continue;
    const first = positions.get(id);
    if (first === undefined) {
      positions.set(id, at);
      continue;
    }
    findings.push({
      code: 'duplicate_step',
      path: ['steps', position, 'id'],
      expected: 'an id that no other step has',
      found: `\`${id}\``,
      message: `Expected every step to have an id of its own, got \`${id}\` a second time; the first is \`steps[${steps[first]?.position}]\``,
    });
  }
  const upstream = steps.map(step => resolve(step, positions, findings));
  const alternatives = findAlternatives(steps, positions);
  // An alternative comes after the step it stands in for, and so sees what that one sees.
  for (const [alternative, original] of alternatives.found) upstream[alternative] = [original];
  findings.push(...alternatives.findings);
  const graph = createGraph(upstream);
  const cycles = findCycles(graph);
  for (const cycle of cycles) findings.push(toCycleFinding(cycle, steps));
  return { positions, graph, hasCycle: cycles.length > 0, alternatives: alternatives.found, findings };
}

function resolve(step: StepOutline, positions: ReadonlyMap<string, number>, findings: Finding[]): number[] {
  const found = new Set<number>();
  for (const { id, at } of step.dependsOn) {
    const position = positions.get(id);
    if (position !== undefined) {
      found.add(position);
      continue;
    }
    findings.push({
      code: 'unknown_step',
      path: ['steps', step.position, 'depends_on', at],
      expected: 'the id of a step of this flow',
      found: `\`${id}\``,
      message: `Expected \`depends_on\` of ${nameStep(step)} to name steps of this flow, got \`${id}\`${didYouMean(id, positions.keys())}`,
    });
  }
  return [...found];
}

const maxShown = 12;

function toCycleFinding(cycle: readonly number[], steps: readonly StepOutline[]): Finding {
  const ids = cycle.map(at => steps[at]?.id ?? '?');
  const shown = ids.length <= maxShown ? ids : [...ids.slice(0, maxShown - 2), `(${ids.length - maxShown + 1} more)`, ids.at(-1)];
  const text = [...shown, ids[0]].join(' → ');
  const first = steps[cycle[0] ?? 0];
  return {
    code: 'dependency_cycle',
    path: ['steps', first?.position ?? 0, 'depends_on'],
    expected: 'steps that do not wait for themselves',
    found: `\`${text}\``,
    message: `Expected no step to wait for itself, got the cycle \`${text}\` (each waits for the next); remove one of these from \`depends_on\``,
  };
}

/** How a step is called in a complaint. */
export function nameStep({ id, position }: Pick<StepOutline, 'id' | 'position'>): string {
  return id === undefined ? `\`steps[${position}]\`` : `\`${id}\``;
}
