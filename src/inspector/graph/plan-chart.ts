import type { Chart, ChartState, ChartTransition } from './chart.ts';

/** Transitions with the same ends, drawn as one label. */
export interface TransitionGroup {
  /** Unlike that of any other. */
  readonly id: string;
  readonly source: string;
  readonly targets: readonly string[];
  readonly transitions: readonly ChartTransition[];
  /** The innermost state that holds all its ends, or is one of them. */
  readonly level: string;
}

/** Something that has a place in a state with states inside. */
export type LevelItem =
  | { readonly kind: 'child'; readonly id: string }
  | { readonly kind: 'label'; readonly group: TransitionGroup }
  /** Where it begins. */
  | { readonly kind: 'dot' }
  /** Where an edge goes through its border, or touches it from inside. */
  | { readonly kind: 'port'; readonly key: string; readonly side: 'first' | 'last' };

/** An edge between items of one level, from left to right; `fromKey` and `toKey` name ports of the states at its ends. */
export interface LevelLink {
  readonly from: number;
  readonly to: number;
  readonly fromKey: string | undefined;
  readonly toKey: string | undefined;
}

export interface Level {
  readonly state: ChartState;
  readonly items: readonly LevelItem[];
  readonly links: readonly LevelLink[];
}

/** A line in the picture: links of several levels, one after the other. */
export interface Wire {
  readonly group: TransitionGroup | undefined;
  /** Whether it comes from the label and ends with a tip. */
  readonly hasTip: boolean;
  /** Whether it leads back, against the direction of the picture. */
  readonly isBack: boolean;
  /** The state at its end that is no label. */
  readonly end: string;
  readonly parts: readonly { readonly level: string; readonly link: number }[];
}

export interface ChartPlan {
  readonly levels: ReadonlyMap<string, Level>;
  readonly wires: readonly Wire[];
  readonly groups: readonly TransitionGroup[];
  /** Transitions that stay in their state, drawn inside it. */
  readonly inner: ReadonlyMap<string, readonly ChartTransition[]>;
}

/** A state and all around it, the machine first. */
function pathOf(chart: Chart, id: string): string[] {
  const path: string[] = [];
  for (let at: string | null = id; at !== null; at = chart.states.get(at)!.parent) path.unshift(at);
  return path;
}

function findCommon(paths: readonly (readonly string[])[]): string {
  let common = '';
  for (const [depth, id] of paths[0]!.entries()) {
    if (!paths.every(path => path[depth] === id)) break;
    common = id;
  }
  return common;
}

/** Edges that lead back to where a walk from the beginning came from: without them there is no circle. */
function findBackEdges(vertices: readonly string[], edges: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const back = new Set<string>();
  const open = new Set<string>();
  const done = new Set<string>();
  const visit = (vertex: string): void => {
    open.add(vertex);
    for (const next of edges.get(vertex) ?? []) {
      if (open.has(next)) back.add(`${vertex} → ${next}`);
      else if (!done.has(next)) visit(next);
    }
    open.delete(vertex);
    done.add(vertex);
  };
  for (const vertex of vertices) if (!done.has(vertex)) visit(vertex);
  return back;
}

/** Collects items and links of one level. */
class LevelBuilder {
  readonly items: LevelItem[] = [];
  readonly links: LevelLink[] = [];
  readonly #places = new Map<string, number>();

  constructor(state: ChartState) {
    if (state.initial.length > 0) this.items.push({ kind: 'dot' });
    for (const id of state.children) this.items.push({ kind: 'child', id });
    for (const [place, item] of this.items.entries()) this.#places.set(item.kind === 'child' ? `child ${item.id}` : item.kind, place);
  }

  place(name: string): number {
    return this.#places.get(name)!;
  }

  add(name: string, item: LevelItem): number {
    this.#places.set(name, this.items.length);
    return this.items.push(item) - 1;
  }

  link(from: number, to: number, isBack: boolean, fromKey?: string, toKey?: string): number {
    return this.links.push(isBack ? { from: to, to: from, fromKey: toKey, toKey: fromKey } : { from, to, fromKey, toKey }) - 1;
  }
}

/** Decides what is drawn where in a chart: on which level each label stands, and how lines come to it through borders. */
export function planChart(chart: Chart): ChartPlan {
  const inner = new Map<string, ChartTransition[]>();
  const outer = new Map<string, ChartTransition[]>();
  for (const transition of chart.transitions) {
    const { source, targets } = transition;
    const stays = targets.every(target => target === source);
    const [map, key] = stays ? [inner, source] : [outer, JSON.stringify([source, ...targets])];
    const list = map.get(key) ?? [];
    if (list.length === 0) map.set(key, list);
    list.push(transition);
  }
  const paths = new Map([...chart.states.keys()].map(id => [id, pathOf(chart, id)]));
  const groups = [...outer].map(([id, transitions]): TransitionGroup => {
    const { source, targets } = transitions[0]!;
    return { id, source, targets: [...new Set(targets)], transitions, level: findCommon([source, ...targets].map(end => paths.get(end)!)) };
  });
  const below = (level: string, id: string): string => paths.get(id)![paths.get(level)!.length]!;

  const builders = new Map([...chart.states.values()].filter(({ children }) => children.length > 0).map(state => [state.id, new LevelBuilder(state)]));
  const back = new Map<string, Set<string>>();
  for (const [id, list] of Map.groupBy(groups, ({ level }) => level)) {
    const edges = new Map<string, Set<string>>();
    for (const { source, targets } of list) {
      for (const target of targets) {
        if (source === id || target === id) continue;
        const [from, to] = [below(id, source), below(id, target)];
        edges.set(from, (edges.get(from) ?? new Set()).add(to));
      }
    }
    const { initial, children } = chart.states.get(id)!;
    back.set(id, findBackEdges([...initial.map(first => below(id, first)), ...children], edges));
  }

  const wires: Wire[] = [];
  for (const [index, group] of groups.entries()) {
    const { source, targets, level } = group;
    const at = builders.get(level)!;
    const label = at.add(`label ${group.id}`, { kind: 'label', group });
    const leadsBack = (target: string): boolean => source !== level && target !== level && back.get(level)!.has(`${below(level, source)} → ${below(level, target)}`);
    /** A line between a state and the label, through the borders around the state. Parts come in the order from the state. */
    const connect = (end: string, key: string, isBack: boolean, leaves: boolean): Wire['parts'] => {
      if (end === level) {
        const port = at.add(`port ${key}`, { kind: 'port', key, side: leaves ? 'first' : 'last' });
        return [{ level, link: leaves ? at.link(port, label, false) : at.link(label, port, false) }];
      }
      const parts: { level: string; link: number }[] = [];
      let inside = end;
      const around = paths.get(end)!;
      for (let depth = around.length - 2; around[depth] !== level; depth--) {
        const id = around[depth]!;
        const builder = builders.get(id)!;
        const port = builder.add(`port ${key}`, { kind: 'port', key, side: leaves === isBack ? 'first' : 'last' });
        const child = builder.place(`child ${inside}`);
        const childKey = inside === end ? undefined : key;
        parts.push({ level: id, link: leaves ? builder.link(child, port, isBack, childKey) : builder.link(port, child, isBack, undefined, childKey) });
        inside = id;
      }
      const child = at.place(`child ${inside}`);
      const childKey = inside === end ? undefined : key;
      parts.push({ level, link: leaves ? at.link(child, label, isBack, childKey) : at.link(label, child, isBack, undefined, childKey) });
      return parts;
    };
    const isBackAltogether = targets.every(leadsBack) && targets.every(target => target === level || source === level || below(level, target) !== below(level, source));
    wires.push({ group, hasTip: false, isBack: isBackAltogether, end: source, parts: connect(source, `${index} out`, isBackAltogether, true) });
    for (const [place, target] of targets.entries()) {
      const isBack = leadsBack(target);
      wires.push({ group, hasTip: true, isBack, end: target, parts: connect(target, `${index} in ${place}`, isBack, false) });
    }
  }
  for (const [id, builder] of builders) {
    for (const first of chart.states.get(id)!.initial) {
      const child = below(id, first);
      wires.push({ group: undefined, hasTip: true, isBack: false, end: child, parts: [{ level: id, link: builder.link(builder.place('dot'), builder.place(`child ${child}`), false) }] });
    }
  }
  const levels = new Map([...builders].map(([id, { items, links }]): [string, Level] => [id, { state: chart.states.get(id)!, items, links }]));
  return { levels, wires, groups, inner };
}
