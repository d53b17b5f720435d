import { createSeededRandom } from '../core/ids.ts';
import { isFanOut } from '../kernel/tree.ts';
import type { FlowModel, FlowState } from './flow-model.ts';
import { listOffers } from './flow-offers.ts';
import type { PathEvent } from './path-event.ts';

/** Events in order, the last one first. */
interface Trail {
  readonly event: PathEvent;
  readonly before: Trail | null;
  readonly items: readonly string[];
}

interface Chance {
  readonly before: Trail | null;
  readonly event: PathEvent;
  readonly state: FlowState;
}

export interface CoverageOptions {
  readonly maxPaths: number;
  /** Transitions of the model tried, at most. */
  readonly maxTries: number;
  /** Which of equally good ways are taken. */
  readonly seed: number;
}

export interface CoveringPaths {
  readonly paths: readonly { readonly events: readonly PathEvent[]; readonly items: ReadonlySet<string> }[];
  /** Known to be possible, and on no path. */
  readonly uncovered: readonly string[];
  readonly truncated: boolean;
}

/**
 * Covers a flow without building its whole graph, which grows with the number of ways to fail.
 *
 * Walks to the end, taking whatever is new on the way and noting what else would have been; then goes back to where most
 * of what is new was left aside. So the number of paths grows with the number of transitions.
 */
export function coverFlow(model: FlowModel, options: CoverageOptions): CoveringPaths {
  return new Coverage(model, options).run();
}

class Coverage {
  readonly #model: FlowModel;
  readonly #options: CoverageOptions;
  readonly #covered = new Set<string>();
  /** Ways to what has been seen and is not covered. */
  #chances: Chance[] = [];
  /** Kinds of situation in which an event has been tried. */
  readonly #tried = new Set<string>();
  #tries = 0;

  constructor(model: FlowModel, options: CoverageOptions) {
    this.#model = model;
    this.#options = options;
  }

  run(): CoveringPaths {
    const { maxPaths, maxTries, seed } = this.#options;
    const random = createSeededRandom(seed);
    for (const item of this.#model.initial.items) this.#covered.add(item);
    const trails = [this.#walk(this.#model.initial, null, 'straight')];
    let truncated = false;
    for (;;) {
      this.#chances = this.#chances.filter(({ state }) => this.#countNew(state) > 0);
      const most = Math.max(0, ...this.#chances.map(({ state }) => this.#countNew(state)));
      if (most === 0) break;
      if (trails.length >= maxPaths || this.#tries >= maxTries) {
        truncated = true;
        break;
      }
      const best = this.#chances.filter(({ state }) => this.#countNew(state) === most);
      const { before, event, state } = best[seed === 0 ? 0 : Math.floor(random.next() * best.length)] as Chance;
      trails.push(this.#walk(state, { event, before, items: state.items }, event.type === 'crash' ? 'crashing' : 'curious'));
    }
    const uncovered = new Set(this.#chances.flatMap(({ state }) => state.items.filter(item => !this.#covered.has(item))));
    return { paths: reduce(trails.map(trail => toEvents(trail, this.#model.initial))), uncovered: [...uncovered], truncated };
  }

  #countNew(state: FlowState): number {
    let count = 0;
    for (const item of state.items) if (!this.#covered.has(item)) count++;
    return count;
  }

  /** @param manner `straight`: everything goes well; `curious`: takes what is new and harmless; `crashing`: crashes as well */
  #walk(from: FlowState, start: Trail | null, manner: 'straight' | 'curious' | 'crashing'): Trail | null {
    let trail = start;
    let state = from;
    for (const item of from.items) this.#covered.add(item);
    for (let length = 0; state.status === 'active' && length < 10_000; length++) {
      const chances = this.#look(state, trail);
      const isWanted = (chance: Chance): boolean =>
        manner !== 'straight' && (manner === 'crashing' || chance.event.type !== 'crash') && isGentle(chance.event, chance.state, state) && this.#countNew(chance.state) > 0;
      const chosen = chances.find(isWanted) ?? chances[0];
      if (!chosen) break;
      for (const chance of chances) if (chance !== chosen && this.#countNew(chance.state) > 0) this.#chances.push(chance);
      state = chosen.state;
      trail = { event: chosen.event, before: trail, items: state.items };
      for (const item of state.items) this.#covered.add(item);
    }
    return trail;
  }

  /** Tries what may happen: the first thing always, anything else where it was not tried in such a situation before. */
  #look(state: FlowState, trail: Trail | null): Chance[] {
    const chances: Chance[] = [];
    for (const [index, event] of listOffers(this.#model.flow, state).entries()) {
      const key = describeSituation(state, event);
      if (index > 0 && (this.#tried.has(key) || this.#tries >= this.#options.maxTries)) continue;
      this.#tried.add(key);
      this.#tries++;
      chances.push({ before: trail, event, state: this.#model.transition(state, event) });
    }
    return chances;
  }
}

/** Whether the flow has as much before it as it had: nothing was given up. */
function isGentle(event: PathEvent, after: FlowState, before: FlowState): boolean {
  return event.type !== 'cancel' && after.status === 'active' && countSpoilt(after) === countSpoilt(before);
}

function countSpoilt({ tree }: FlowState): number {
  const { failed, skipped, cancelled } = tree.flow.context;
  return failed + skipped + cancelled;
}

/** Situations with the same text lead to the same transitions. */
function describeSituation({ tree }: FlowState, event: PathEvent): string {
  const { ready, granted, released, settled, total, halted, ending, concurrency } = tree.flow.context;
  const flow = `${ready > 0}${granted - released < concurrency}${settled + 1 === total}${halted}${ending?.code}`;
  if (event.type === 'cancel' || event.type === 'crash') {
    // Per actor, and what is left pending: a cancel reaches everything at once.
    const live: string[] = [];
    for (const actor of tree.actors.values()) {
      live.push(`${actor.step.position}${actor.snapshot.value}${'interruptions' in actor.snapshot.context ? actor.snapshot.context.interruptions : ''}`);
      if (isFanOut(actor)) for (const item of actor.items.values()) live.push(`${actor.step.position}i${item.snapshot.value}${item.snapshot.context.interruptions}`);
    }
    return `${event.type} ${ending?.code} ${live.join()}`;
  }
  if (event.type === 'elapse') return `${event.due.map(place => `${place} ${describeAttempt(tree, place)}`).join()}${flow}`;
  const place = 'item' in event && event.item !== undefined ? `${event.step}[${event.item}]` : event.step;
  return `${JSON.stringify(event)} ${describeAttempt(tree, place)}${flow}`;
}

function describeAttempt(tree: FlowState['tree'], place: string): string {
  const [id = '', item] = place.split(/[[\]]/);
  const actor = tree.actors.get(tree.plan.positions.get(id) ?? -1);
  if (!actor) return '';
  const found = isFanOut(actor) && item !== undefined ? actor.items.get(Number(item)) : actor;
  const fanOut = isFanOut(actor) ? `${actor.snapshot.context.settled}/${actor.snapshot.context.total}${actor.snapshot.context.failure === null}` : '';
  return `${found?.snapshot.value}${found && 'attempt' in found.snapshot.context ? found.snapshot.context.attempt + (found.snapshot.context.recovery ?? '') : ''}${fanOut}`;
}

function toEvents(trail: Trail | null, initial: FlowState): { events: PathEvent[]; items: Set<string> } {
  const events: PathEvent[] = [];
  const items = new Set(initial.items);
  for (let at = trail; at; at = at.before) {
    events.push(at.event);
    for (const item of at.items) items.add(item);
  }
  return { events: events.toReversed(), items };
}

/** Leaves out paths that add nothing: takes the one with most that is new, again and again. The first always stays. */
function reduce<Path extends { readonly items: ReadonlySet<string> }>(paths: readonly Path[]): Path[] {
  const covered = new Set<string>(paths[0]?.items);
  const kept = new Set<Path>(paths.slice(0, 1));
  for (;;) {
    let best: Path | undefined;
    let most = 0;
    for (const path of paths) {
      let count = 0;
      for (const item of path.items) if (!covered.has(item)) count++;
      if (count > most) [best, most] = [path, count];
    }
    if (!best) return paths.filter(path => kept.has(path));
    kept.add(best);
    for (const item of best.items) covered.add(item);
  }
}
