/** A state of a machine. Its id is its path, `''` for the machine itself, `a.b` for `b` in `a`; dots in keys are `\.`. */
export interface ChartState {
  readonly id: string;
  readonly key: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** Of a history state: whether it remembers all the way down. */
  readonly isDeep: boolean;
  readonly parent: string | null;
  readonly children: readonly string[];
  /** Of a compound state: where it begins. */
  readonly initial: readonly string[];
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** Actors that live as long as it does, by name. */
  readonly invokes: readonly string[];
}

export interface ChartTransition {
  /** Unlike that of any other. */
  readonly id: string;
  readonly source: string;
  /** None: the state stays as it is. */
  readonly targets: readonly string[];
  /** As XState has it: `''` for `always`, `xstate.after.1000.m.a` for a delay. */
  readonly event: string;
  /** The event for people: `after 1 s`, `payment done`. */
  readonly label: string;
  readonly guard: string | undefined;
  readonly actions: readonly string[];
}

/** A machine as a picture needs it: plain data. */
export interface Chart {
  readonly name: string;
  /** In the order of the definition, outer ones first. */
  readonly states: ReadonlyMap<string, ChartState>;
  readonly transitions: readonly ChartTransition[];
}

/** A state as XState tells it: `'a'`, or `{ a: 'b', c: {} }`. */
export type ChartValue = string | { readonly [key: string]: ChartValue | undefined };

export const toStateId = (path: readonly string[]): string => path.map(key => key.replaceAll('\\', '\\\\').replaceAll('.', '\\.')).join('.');

/** The states that a value names, those around them, and the machine itself. */
export function listActive(chart: Chart, value: ChartValue): Set<string> {
  const active = new Set<string>(['']);
  const visit = (inner: ChartValue, path: readonly string[]): void => {
    for (const [key, below] of typeof inner === 'string' ? [[inner, undefined] as const] : Object.entries(inner)) {
      const id = toStateId([...path, key]);
      if (!chart.states.has(id)) continue;
      active.add(id);
      if (below !== undefined) visit(below, [...path, key]);
    }
  };
  visit(value, []);
  return active;
}

/** Whether a state is another one, or in it. */
function isWithin(chart: Chart, id: string, ancestor: string): boolean {
  for (let at: string | null | undefined = id; at !== null && at !== undefined; at = chart.states.get(at)?.parent) if (at === ancestor) return true;
  return false;
}

/**
 * The transitions that may have led from one value to another: by event, and by where they start and end. More than one
 * where only their guards tell them apart.
 */
export function findTaken(chart: Chart, { event, from, to }: { readonly event: string; readonly from: ChartValue; readonly to: ChartValue }): Set<string> {
  const [before, after] = [listActive(chart, from), listActive(chart, to)];
  const matches = (known: string): boolean => known === event || (known.endsWith('*') && event.startsWith(known.slice(0, -1)));
  const found = chart.transitions.filter(({ source, targets, event: known }) => matches(known) && before.has(source) && targets.every(target => after.has(target) || chart.states.get(target)?.kind === 'history'));
  const moving = found.filter(({ targets }) => targets.length > 0);
  const stays = JSON.stringify(from) === JSON.stringify(to);
  const likely = found.filter(({ source, targets }) => (stays ? targets.length === 0 || targets.includes(source) : targets.length > 0));
  return new Set((likely.length > 0 ? likely : moving.length > 0 ? moving : found).map(({ id }) => id));
}

/** How often one state followed on another by an event; states by their ids. */
export interface TransitionCount {
  readonly from: string;
  readonly event: string;
  readonly to: string;
  readonly count: number;
}

/** How often each transition was taken, 0 for never. What only guards tell apart has its counts together. */
export function countTransitions(chart: Chart, counts: readonly TransitionCount[]): Map<string, number> {
  const byEvent = Map.groupBy(counts, ({ event }) => event);
  return new Map(chart.transitions.map(({ id, source, targets, event }) => {
    const fits = ({ from, to }: TransitionCount): boolean =>
      isWithin(chart, from, source) && (targets.length === 0 ? to === from : targets.some(target => isWithin(chart, to, target) || (chart.states.get(target)?.kind === 'history' && isWithin(chart, to, chart.states.get(target)!.parent ?? ''))));
    return [id, (byEvent.get(event) ?? []).filter(fits).reduce((sum, { count }) => sum + count, 0)];
  }));
}
