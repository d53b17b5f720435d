import type { GraphStep } from './step-graph.ts';

/** Steps of one layer that are drawn as one box. */
export interface StepGroup {
  /** Not the id of any step. */
  readonly id: string;
  /** `fetch-*`, or `layer 4`. */
  readonly name: string;
  readonly members: readonly string[];
}

/** Flows with more steps than this begin folded. */
export const foldAbove = 300;
/** Fewer steps than this are not worth a box of their own. */
const leastMembers = 3;

/** What a name begins with, up to its last part: `fetch-` of `fetch-12`, `s` of `s12`. */
export function toPrefix(id: string): string {
  return /^(.*[-_.])[^-_.]+$/.exec(id)?.[1] ?? id.replace(/\d+$/, '');
}

/**
 * Finds steps that can be drawn as one: of one layer and one name prefix; where that leaves too many, all that are left of a layer.
 *
 * No member of a group depends on another, so folding makes no circle.
 */
export function foldSteps(steps: readonly GraphStep[], layers: readonly number[], unfolded: ReadonlySet<string>): StepGroup[] {
  const collect = (indexes: readonly number[], keyOf: (index: number) => string, nameOf: (index: number) => string): [StepGroup[], number[]] => {
    const groups: StepGroup[] = [];
    const left: number[] = [];
    for (const [key, list] of Map.groupBy(indexes, keyOf)) {
      if (list.length < leastMembers) left.push(...list);
      else groups.push({ id: `group ${key}`, name: nameOf(list[0]!), members: list.map(index => steps[index]!.id) });
    }
    return [groups, left];
  };
  const [byPrefix, left] = collect([...steps.keys()], index => `${layers[index]} ${toPrefix(steps[index]!.id)}`, index => `${toPrefix(steps[index]!.id)}*`);
  const isTooMuch = byPrefix.length + left.length > foldAbove;
  const [byLayer] = isTooMuch ? collect(left, index => `layer ${layers[index]}`, index => `layer ${layers[index]! + 1}`) : [[]];
  return [...byPrefix, ...byLayer].filter(({ id }) => !unfolded.has(id));
}
