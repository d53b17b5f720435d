import type { AnyMachineSnapshot } from 'xstate';
import { getNextTransitions } from 'xstate';
import { coverMicrosteps, listChildItems, listMachineItems, nameTaken } from './machine-items.ts';
import type { MachineModel, MachineOffer, MachineState } from './machine-model.ts';
import { serializeState } from './serialize-machine.ts';

/** A state that was reached, and how. */
export interface Reached {
  readonly state: MachineState;
  readonly before: Reached | undefined;
  readonly offer: MachineOffer | undefined;
  readonly items: readonly string[];
  readonly depth: number;
  /** What the machine began with. */
  readonly input: unknown;
}

export interface Search {
  /** Where each thing was covered first. */
  readonly covered: ReadonlyMap<string, Reached>;
  /** Everything there is, of child machines as far as they were met. */
  readonly all: readonly string[];
  /** Whether states were left that nobody looked into. */
  readonly truncated: boolean;
  readonly states: number;
}

export interface SearchOptions {
  readonly inputs: readonly unknown[];
  /** States looked into, at most. */
  readonly maxStates: number;
}

/** The same event again and again, as long as only the context changes: what a guard waits for may be a count. */
const burst = 12;
/** States that are compared when the most promising one is looked for. */
const lookBack = 250;

/**
 * Looks for ways to everything that can be covered in a machine, without building its whole graph.
 *
 * Goes on from the states in which most transitions are open that nobody took yet; every third time from the one that
 * waits the longest, so that nothing is left out for good.
 */
export function searchMachine(model: MachineModel, options: SearchOptions): Search {
  return new Searching(model, options).run();
}

class Searching {
  readonly #model: MachineModel;
  readonly #options: SearchOptions;
  readonly #covered = new Map<string, Reached>();
  readonly #all = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #actors = new Set<string>();
  readonly #open: (Reached & { readonly wanted: readonly string[] })[] = [];
  #turn = 0;
  #looked = 0;

  constructor(model: MachineModel, options: SearchOptions) {
    this.#model = model;
    this.#options = options;
  }

  run(): Search {
    for (const input of this.#options.inputs) {
      const state = this.#model.begin(input);
      for (const item of listMachineItems(state.machine)) this.#all.add(item);
      this.#add({ state, before: undefined, offer: undefined, items: coverMicrosteps(state.microsteps), depth: 0, input });
    }
    while (this.#open.length > 0 && this.#looked < this.#options.maxStates && this.#covered.size < this.#all.size) this.#expand(this.#pick());
    return { covered: this.#covered, all: [...this.#all], truncated: this.#open.length > 0 && this.#covered.size < this.#all.size, states: this.#looked };
  }

  #pick(): Reached {
    const open = this.#open;
    if (++this.#turn % 3 === 0) return open.shift() as Reached;
    let best = open.length - 1;
    let most = -1;
    for (let index = Math.max(0, open.length - lookBack); index < open.length; index++) {
      const { wanted, depth } = open[index] as (typeof open)[number];
      const score = wanted.filter(item => !this.#covered.has(item)).length * 100 - depth;
      if (score > most) [best, most] = [index, score];
    }
    return open.splice(best, 1)[0] as Reached;
  }

  #expand(from: Reached): void {
    this.#looked++;
    for (const offer of this.#model.list(from.state)) {
      let at = from;
      for (let count = 0; count < burst; count++) {
        const next = this.#take(at, offer);
        if (!next || JSON.stringify(next.state.snapshot.value) !== JSON.stringify(at.state.snapshot.value) || offer.cause !== 'event') break;
        at = next;
      }
    }
  }

  /** @returns what is new */
  #take(from: Reached, offer: MachineOffer): Reached | undefined {
    const state = this.#model.take(from.state, offer);
    return this.#add({ state, before: from, offer, items: coverMicrosteps(state.microsteps), depth: from.depth + 1, input: from.input });
  }

  #add(reached: Reached): Reached | undefined {
    for (const item of reached.items) {
      this.#all.add(item);
      if (!this.#covered.has(item)) this.#covered.set(item, reached);
    }
    const key = serializeState(reached.state);
    if (this.#seen.has(key)) return undefined;
    this.#seen.add(key);
    this.#meet(reached.state, '');
    if (reached.state.snapshot.status === 'active') this.#open.push({ ...reached, wanted: listWanted(reached.state) });
    return reached;
  }

  #meet({ children }: MachineState, actor: string): void {
    for (const [id, child] of children) {
      const path = actor === '' ? id : `${actor}/${id}`;
      if (!this.#actors.has(path)) for (const item of listChildItems(child.machine, path)) this.#all.add(item);
      this.#actors.add(path);
      this.#meet(child, path);
    }
  }
}

function listWanted(state: MachineState, actor = ''): string[] {
  const own = getNextTransitions(state.snapshot as AnyMachineSnapshot).flatMap(transition => nameTaken(state.machine, transition, actor) ?? []);
  return [...own, ...[...state.children].flatMap(([id, child]) => listWanted(child, actor === '' ? id : `${actor}/${id}`))];
}
