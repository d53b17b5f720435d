import { toKeptView } from './kept-machine.ts';
import type { MachineModel, MachineOffer, MachineState } from './machine-model.ts';
import type { MachinePath } from './machine-paths.ts';
import { findOwn } from './machine-paths.ts';
import { serializeState } from './serialize-machine.ts';

/** A machine and a changed one, to which the same has happened. */
interface Pair {
  readonly state: MachineState;
  readonly changed: MachineState;
  readonly input: unknown;
  readonly before: { readonly pair: Pair; readonly offer: MachineOffer } | undefined;
}

/** What happens until the two show something else. */
export interface Telling {
  readonly input: unknown;
  readonly start: MachineState;
  readonly steps: readonly { readonly offer: MachineOffer; readonly state: MachineState }[];
}

/** Pairs of states that are looked into. */
export const maxPairs = 400;

/**
 * Looks for something after which a changed machine shows something else, the places that paths lead to first, then those nearest to
 * the beginning.
 *
 * @returns `same`: whatever happens, they show the same; `unknown`: not found within `maxPairs`
 */
export function findTelling(model: MachineModel, mutant: MachineModel, paths: readonly MachinePath[]): Telling | 'same' | 'unknown' {
  const seen = new Set<string>();
  const queue: Pair[] = [];
  const add = (pair: Pair): unknown => {
    const key = `${serializeState(pair.state)}${serializeState(pair.changed)}`;
    return seen.has(key) || (seen.add(key), queue.push(pair));
  };
  const begin = (input: unknown): Pair => ({ state: model.begin(input), changed: mutant.begin(input), input, before: undefined });
  for (const path of paths) {
    let pair = begin(path.input);
    for (const { event, cause, actor } of path.steps as readonly MachineOffer[]) {
      add(pair);
      pair = go(model, mutant, pair, { event, cause, actor });
    }
    add(pair);
  }
  if (paths.length === 0) add(begin(undefined));
  for (let index = 0; index < queue.length; index++) {
    if (index >= maxPairs) return 'unknown';
    const pair = queue[index] as Pair;
    if (!showSame(pair)) return toTelling(pair);
    for (const offer of model.list(pair.state)) {
      const next = go(model, mutant, pair, offer);
      if (!showSame(next)) return toTelling(next);
      add(next);
    }
  }
  return 'same';
}

const showSame = ({ state, changed }: Pair): boolean => JSON.stringify(toKeptView(state)) === JSON.stringify(toKeptView(changed));

function go(model: MachineModel, mutant: MachineModel, pair: Pair, offer: MachineOffer): Pair {
  const take = (one: MachineModel, state: MachineState): MachineState => {
    const event = findOwn(one, state, offer);
    return event ? one.take(state, { ...offer, event }) : state;
  };
  return { state: take(model, pair.state), changed: take(mutant, pair.changed), input: pair.input, before: { pair, offer } };
}

function toTelling(end: Pair): Telling {
  const steps: { readonly offer: MachineOffer; readonly state: MachineState }[] = [];
  let at = end;
  for (; at.before; at = at.before.pair) steps.push({ offer: at.before.offer, state: at.state });
  return { input: end.input, start: at.state, steps: steps.toReversed() };
}
