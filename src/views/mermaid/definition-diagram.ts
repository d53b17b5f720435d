import { createGraph, reduceGraph } from '../../definition/graph.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { mapAlternatives } from './alternatives.ts';
import { escapeQuoted, escapeTail } from './escape-label.ts';
import { nameNodes } from './node-names.ts';
import { describeStep, formatExpression } from './step-lines.ts';

export interface DefinitionDiagramOptions {
  /** `TD`: top down (default); `LR`: left to right. */
  readonly direction?: 'TD' | 'LR';
}

/**
 * Draws a flow as a Mermaid state diagram: its steps in the order they must keep, then the consolidation and its score.
 *
 * A diamond is a condition (`when`), a dashed step is optional. An arrow that says `always` is taken however the step before it has ended. What follows from other arrows has none of its own.
 */
export function renderDefinitionDiagram(definition: FlowDefinition, { direction = 'TD' }: DefinitionDiagramOptions = {}): string {
  const { steps } = definition;
  const names = nameNodes(steps.map(({ id }) => id));
  const alternatives = mapAlternatives(steps);
  const positions = new Map(steps.map(({ id }, position) => [id, position]));
  const graph = reduceGraph(createGraph(steps.map(({ depends_on }) => depends_on.flatMap(id => positions.get(id) ?? []))));
  const nameAt = (position: number): string => names.get(steps[position]?.id ?? '') ?? '';
  const lines = ['stateDiagram-v2', `  direction ${direction === 'LR' ? 'LR' : 'TB'}`];
  for (const [position, step] of steps.entries()) {
    const name = nameAt(position);
    const entrance = step.when === undefined ? name : `${name}_when`;
    lines.push(`  state "${describeStep(step).map(escapeQuoted).join('<br/>')}" as ${name}`);
    // Whatever is not declared before its first arrow is an ordinary state to Mermaid.
    if (entrance !== name) lines.push(`  state ${entrance} <<choice>>`);
    const original = alternatives.get(step.id);
    const upstream = graph.upstream[position] ?? [];
    if (original !== undefined) lines.push(`  ${names.get(original)} --> ${entrance} : if it fails`, `  ${name} --> ${names.get(original)} : stands in`);
    else for (const from of upstream.length === 0 ? ['[*]'] : upstream.map(nameAt)) lines.push(`  ${from} --> ${entrance}${step.run === 'always' ? ' : always' : ''}`);
    if (entrance !== name) lines.push(`  ${entrance} --> ${name} : ${escapeTail(`if ${formatExpression(step.when)}`)}`);
    if (original === undefined && graph.downstream[position]?.length === 0) lines.push(`  ${name} --> consolidating`);
  }
  lines.push('  state "consolidating" as consolidating', `  consolidating --> [*] : ${escapeTail(`score, passes from ${definition.min_score}`)}`);
  const optional = steps.flatMap(({ critical }, position) => (critical ? [] : [nameAt(position)]));
  if (optional.length > 0) lines.push('  classDef optional stroke-dasharray:5 4', `  class ${optional.join(',')} optional`);
  return `${lines.join('\n')}\n`;
}
