import { escapeQuoted } from './escape-label.ts';

/** Transitions as a path set names them: `balance: running – attempt.completed → completed`. */
const itemPattern = /^(.+?): (\S+) – (.+) → (.+)$/;

interface Edge {
  readonly place: string;
  readonly from: string;
  readonly label: string;
  readonly to: string;
  readonly covered: boolean;
}

function toEdge(item: string, covered: boolean): Edge[] {
  const [, place, from, label, to] = itemPattern.exec(item) ?? [];
  if (place !== undefined && from !== undefined && label !== undefined && to !== undefined) return [{ place, from, label, to, covered }];
  const [, owner, rest] = /^(.+?): (.+)$/.exec(item) ?? [];
  return owner !== undefined && rest !== undefined ? [{ place: owner, from: 'pending', label: rest, to: 'never', covered }] : [];
}

/** Draws which transitions of a flow's actors the paths take; those that none takes are red. */
export function renderCoverageChart({ covered, uncovered }: { readonly covered: readonly string[]; readonly uncovered: readonly { readonly item: string }[] }): string {
  const edges = [...covered.flatMap(item => toEdge(item, true)), ...uncovered.flatMap(({ item }) => toEdge(item, false))];
  const lines = ['flowchart LR'];
  const red: number[] = [];
  let count = 0;
  for (const [index, [place, list]] of [...Map.groupBy(edges, edge => edge.place)].entries()) {
    const name = (state: string): string => `p${index}_${state.replace(/[^A-Za-z0-9]+/g, '_')}`;
    lines.push(`  subgraph p${index}["${escapeQuoted(place)}"]`);
    for (const state of new Set(list.flatMap(({ from, to }) => [from, to]))) lines.push(`    ${name(state)}["${escapeQuoted(state)}"]`);
    for (const { from, label, to, covered: isCovered } of list) {
      lines.push(`    ${name(from)} -->|"${escapeQuoted(label)}"| ${name(to)}`);
      if (!isCovered) red.push(count);
      count++;
    }
    lines.push('  end');
  }
  if (red.length > 0) lines.push(`  linkStyle ${red.join(',')} stroke:#cf222e,color:#cf222e`);
  return `${lines.join('\n')}\n`;
}
