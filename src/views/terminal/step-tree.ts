import type { StepStatus } from '../../../persistence/records.ts';
import { findDominators } from '../../definition/dominators.ts';
import { createGraph, listAncestors, reduceGraph, sortSteps, type StepGraph } from '../../definition/graph.ts';
import type { StepView } from '../execution-view.ts';
import { formatDuration } from './durations.ts';
import { paintStatus, type Palette } from './palette.ts';
import { measure, pad, shorten, toPlainLine } from './plain-text.ts';
import { formatReason } from './step-line.ts';

/** A step of a tree: its name, the steps it waits for, and what is said of it. */
export interface TreeStep {
  readonly stepId: string;
  readonly dependsOn: readonly string[];
  /** Undefined: it is a step of a definition. */
  readonly status?: StepStatus;
  /** Short figures, one per column. */
  readonly figures: readonly string[];
  /** What fills the rest of the line. */
  readonly note: string;
}

/** What a tree says of the step of an execution. */
export function toTreeStep(step: StepView): TreeStep {
  const { stepId, dependsOn, status, startedAt, settledAt, attempts, maxAttempts, items, failure, recovery, kept } = step;
  const time = startedAt !== null && settledAt !== null ? formatDuration(settledAt - startedAt) : '';
  const counted = items ? `${items.settled}/${items.total} items` : maxAttempts > 1 && attempts > 0 ? `${attempts}/${maxAttempts}` : '';
  return { stepId, dependsOn, status, figures: [time, counted], note: [kept ? 'kept' : '', recovery ?? '', failure && status !== 'completed' ? formatReason(failure) : ''].filter(Boolean).join('; ') };
}

interface Line {
  readonly position: number;
  /** What is drawn before the symbol. */
  readonly lead: string;
}

/**
 * Puts steps in lines: what runs beside other steps hangs on a branch, what comes after all of them goes on below. So a long
 * chain stays at the left, however many times it forks and joins.
 */
function layOut(graph: StepGraph, { tree }: Palette): Line[] {
  const dominators = findDominators(graph);
  const children = new Map<number, number[]>();
  for (const position of sortSteps(graph)) {
    const list = children.get(dominators[position] as number);
    if (list) list.push(position);
    else children.set(dominators[position] as number, [position]);
  }
  const lines: Line[] = [];
  // Each entry: a step, what leads to it, and what leads to the lines below it.
  const open: { position: number; lead: string; below: string }[] = [];
  const unfold = (position: number, below: string): void => {
    const list = children.get(position) ?? [];
    const last = list.at(-1);
    if (last === undefined) return;
    const before = new Set(list.length > 1 ? listAncestors(graph, last) : []);
    const joins = list.slice(0, -1).every(sibling => before.has(sibling));
    const branches = joins ? list.slice(0, -1) : list;
    if (joins) open.push({ position: last, lead: below, below });
    for (const [index, branch] of [...branches.entries()].toReversed()) {
      const ends = index === branches.length - 1;
      open.push({ position: branch, lead: `${below}${ends ? tree.last : tree.branch}`, below: `${below}${ends ? tree.none : tree.pass}` });
    }
  };
  unfold(-1, '');
  for (let next = open.pop(); next; next = open.pop()) {
    lines.push({ position: next.position, lead: next.lead });
    unfold(next.position, next.below);
  }
  return lines;
}

/** Draws steps as a tree, as wide as the terminal at most. */
export function renderStepTree(steps: readonly TreeStep[], palette: Palette, columns: number): string {
  const positions = new Map(steps.map(({ stepId }, position) => [stepId, position]));
  const graph = reduceGraph(createGraph(steps.map(({ dependsOn }) => dependsOn.flatMap(id => positions.get(id) ?? []))));
  const lines = layOut(graph, palette);
  const toSymbol = ({ status }: TreeStep): string => (status === undefined ? palette.symbols.running : palette.symbols[status]);
  const widest = Math.max(0, ...lines.map(({ position, lead }) => measure(lead) + 2 + measure(steps[position]?.stepId ?? '')));
  const nameColumns = Math.min(widest, Math.max(16, Math.floor(columns * 0.5)));
  const roomy = columns >= 70;
  const figureColumns = Array.from({ length: Math.max(0, ...steps.map(({ figures }) => figures.length)) }, (_, index) => Math.max(0, ...steps.map(({ figures }) => measure(figures[index] ?? ''))));
  // What is deeper than half of the screen is drawn as if it began there.
  const maxLead = Math.floor(columns * 0.4);
  return lines.map(({ position, lead: whole }) => {
    const lead = whole.slice(-maxLead);
    const step = steps[position] as TreeStep;
    const symbol = toSymbol(step);
    const room = Math.max(Math.min(6, measure(step.stepId)), nameColumns - lead.length - measure(symbol) - 1);
    const name = shorten(toPlainLine(step.stepId), room);
    const status = step.status !== undefined && roomy ? `  ${paintStatus(palette, step.status, pad(step.status, 9))}` : '';
    const figures = step.figures.map((figure, index) => ({ figure, width: figureColumns[index] ?? 0 })).filter(({ width }) => width > 0);
    const shown = figures.map(({ figure, width }) => `  ${pad(figure, width)}`).join('');
    const left = lead.length + measure(symbol) + 1 + room + (status === '' ? 0 : 11);
    const waits = (graph.upstream[position]?.length ?? 0) > 1 ? `${palette.back} ${graph.upstream[position]?.map(other => steps[other]?.stepId).join(', ')}` : '';
    const note = [toPlainLine(step.note), waits].filter(Boolean).join('  ');
    const head = `${palette.dim(lead)}${step.status === undefined ? palette.dim(symbol) : paintStatus(palette, step.status, symbol)} ${name}${' '.repeat(Math.max(0, room - measure(name)))}`;
    const rest = shorten(`${shown}${note === '' ? '' : `  ${note}`}`.trimEnd(), columns - left - 1);
    return ` ${head}${status}${step.status === 'failed' ? palette.red(rest) : palette.dim(rest)}`.trimEnd();
  }).join('\n');
}
