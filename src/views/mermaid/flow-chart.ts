import { readUses } from '../../definition/step-kinds.ts';
import type { StepStatus } from '../../../persistence/records.ts';
import type { FlowDefinition, StepDefinition } from '../../definition/schema.ts';
import { mapAlternatives } from './alternatives.ts';
import { escapeQuoted } from './escape-label.ts';
import { nameNodes } from './node-names.ts';
import { renderStatusClasses } from './status-classes.ts';
import { describeStep, formatExpression } from './step-lines.ts';

export interface FlowChartOptions {
  /** Colours the steps of an execution, by step id. */
  readonly statuses?: ReadonlyMap<string, StepStatus>;
  /** `TD`: top down (default); `LR`: left to right. */
  readonly direction?: 'TD' | 'LR';
}

function renderNode(step: StepDefinition, name: string): string {
  const label = `"${describeStep(step).map(escapeQuoted).join('<br/>')}"`;
  if (step.for_each !== undefined) return `${name}[/${label}/]`;
  const [open, close] = readUses(step.uses)?.kind.brackets ?? ['[', ']'];
  return `${name}${open}${label}${close}`;
}

/**
 * Draws a flow as a Mermaid flowchart.
 *
 * Diamonds are conditions (`when`), slanted boxes run once per item, dashed boxes are not critical, double-edged ones
 * start another flow, hexagons are machines. An arrow that says `always` is taken however the step before it has ended.
 */
export function renderFlowChart(definition: FlowDefinition, options: FlowChartOptions = {}): string {
  const { steps } = definition;
  const names = nameNodes(steps.map(({ id }) => id));
  const alternatives = mapAlternatives(steps);
  const optional = steps.filter(step => step.critical === false);
  const lines = [`flowchart ${options.direction ?? 'TD'}`];
  for (const step of steps) {
    const name = names.get(step.id) ?? '';
    lines.push(`  ${renderNode(step, name)}`);
    const conditional = step.when !== undefined;
    if (conditional) {
      lines.push(`  ${name}_when{"${escapeQuoted(formatExpression(step.when))}"}`);
      lines.push(`  ${name}_when -->|yes| ${name}`);
      lines.push(`  ${name}_when -.->|no| ${name}_skip(("skip"))`);
    }
    const arrow = `${step.critical === false ? '-.->' : '-->'}${step.run === 'always' ? '|always|' : ''}`;
    for (const upstream of step.depends_on ?? []) {
      const from = names.get(upstream);
      if (from) lines.push(`  ${from} ${arrow} ${name}${conditional ? '_when' : ''}`);
    }
    const original = names.get(alternatives.get(step.id) ?? '');
    if (original) lines.push(`  ${original} -.->|if it fails| ${name}${conditional ? '_when' : ''}`);
  }
  if (optional.length > 0) {
    lines.push('  classDef optional stroke-dasharray:5 4');
    lines.push(`  class ${optional.map(({ id }) => names.get(id)).join(',')} optional`);
  }
  const { statuses } = options;
  if (statuses) lines.push(...renderStatusClasses(new Map(steps.map(({ id }) => [names.get(id) ?? '', statuses.get(id) ?? 'pending']))));
  return `${lines.join('\n')}\n`;
}
