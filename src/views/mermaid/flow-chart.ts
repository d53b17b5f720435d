import type { StepStatus } from '../../../persistence/records.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { escapeQuoted, shortenLabel } from './escape-label.ts';

export interface FlowChartOptions {
  /** Colours the steps of an execution, by step id. */
  readonly statuses?: ReadonlyMap<string, StepStatus>;
  /** `TD`: top down (default); `LR`: left to right. */
  readonly direction?: 'TD' | 'LR';
}

type Step = FlowDefinition['steps'][number];

const colours: Readonly<Record<StepStatus, string>> = {
  pending: 'fill:#f6f8fa,stroke:#8c959f,color:#57606a',
  running: 'fill:#ddf4ff,stroke:#0969da,color:#0a3069',
  retrying: 'fill:#fff8c5,stroke:#9a6700,color:#633c01',
  waiting: 'fill:#fff8c5,stroke:#9a6700,color:#633c01',
  completed: 'fill:#dafbe1,stroke:#1a7f37,color:#0f5323',
  failed: 'fill:#ffebe9,stroke:#cf222e,color:#82071e',
  skipped: 'fill:#eaeef2,stroke:#8c959f,color:#6e7781',
  cancelled: 'fill:#eaeef2,stroke:#57606a,color:#424a53',
};

/** Gives each step a node name that Mermaid accepts and that nobody else has. */
function nameNodes(steps: readonly Step[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id } of steps) {
    const base = `s_${id.replace(/[^A-Za-z0-9]+/g, '_')}`;
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
    taken.add(name);
    names.set(id, name);
  }
  return names;
}

function toText(value: unknown): string {
  return shortenLabel(typeof value === 'string' ? value.replace(/^\{%\s*|\s*%\}$/g, '') : JSON.stringify(value));
}

function renderNode(step: Step, name: string): string {
  const attempts = step.retry?.maxAttempts ?? 1;
  const lines = [
    step.id,
    step.uses,
    ...(step.for_each === undefined ? [] : [`for each of ${toText(step.for_each)}`]),
    ...(attempts > 1 ? [`up to ${attempts} attempts`] : []),
    ...(step.critical === false ? ['optional'] : []),
  ];
  const label = `"${lines.map(escapeQuoted).join('<br/>')}"`;
  if (step.for_each !== undefined) return `${name}[/${label}/]`;
  if (step.uses === 'sleep') return `${name}([${label}])`;
  if (step.uses === 'signal') return `${name}>${label}]`;
  if (step.uses.startsWith('flow:')) return `${name}[[${label}]]`;
  return `${name}[${label}]`;
}

/**
 * Draws a flow as a Mermaid flowchart.
 *
 * Diamonds are conditions (`when`), slanted boxes run once per item, dashed boxes are not critical, double-edged ones
 * start another flow.
 */
export function renderFlowChart(definition: FlowDefinition, options: FlowChartOptions = {}): string {
  const { steps } = definition;
  const names = nameNodes(steps);
  const optional = steps.filter(step => step.critical === false);
  const lines = [`flowchart ${options.direction ?? 'TD'}`];
  for (const step of steps) {
    const name = names.get(step.id) ?? '';
    lines.push(`  ${renderNode(step, name)}`);
    const conditional = step.when !== undefined;
    if (conditional) {
      lines.push(`  ${name}_when{"${escapeQuoted(toText(step.when))}"}`);
      lines.push(`  ${name}_when -->|yes| ${name}`);
      lines.push(`  ${name}_when -.->|no| ${name}_skip(("skip"))`);
    }
    const arrow = step.critical === false ? '-.->' : '-->';
    for (const upstream of step.depends_on ?? []) {
      const from = names.get(upstream);
      if (from) lines.push(`  ${from} ${arrow} ${name}${conditional ? '_when' : ''}`);
    }
  }
  if (optional.length > 0) {
    lines.push('  classDef optional stroke-dasharray:5 4');
    lines.push(`  class ${optional.map(({ id }) => names.get(id)).join(',')} optional`);
  }
  const { statuses } = options;
  if (statuses) {
    const groups = Map.groupBy(steps, ({ id }) => statuses.get(id) ?? 'pending');
    for (const [status, members] of groups) {
      lines.push(`  classDef ${status} ${colours[status]}`);
      lines.push(`  class ${members.map(({ id }) => names.get(id)).join(',')} ${status}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
