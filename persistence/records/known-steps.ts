import { PassingMap } from '../../src/core/passing-map.ts';
import { readEndings, readRanges } from '../../src/core/settled-text.ts';
import type { AttemptRecord, CheckpointRecord, StepRecord } from '../records.ts';
import { createSettledError } from '../store-errors.ts';

/** Places of steps and items that are remembered, of all executions together; of the one used last, all are. Some 16 MB. */
const maxPlaces = 1_000_000;

/** Steps of an execution by position, or items of a step by their place in its list. */
class Places {
  /** Twice the last run that has ended, and one more where it has settled. */
  readonly states: number[] = [];
  /** Rows of the journal that have the outputs; 0: none. */
  readonly outputs: number[] = [];

  /** Makes room up to a place; returns how many places were added. */
  reach(place: number): number {
    const before = this.states.length;
    while (this.states.length <= place) {
      this.states.push(0);
      this.outputs.push(0);
    }
    return this.states.length - before;
  }
}

interface Known {
  /** Whether everything of it that came before is known. */
  readonly isWhole: boolean;
  size: number;
  readonly steps: Places;
  readonly items: Map<number, Places>;
}

/**
 * Steps that this owner has written or read, of the executions it used last.
 *
 * The journal takes whatever is appended to it: what is settled stays because whoever writes is held to it here.
 */
export class KnownSteps {
  readonly #maxPlaces: number;
  readonly #byExecution = new PassingMap<number, Known>();
  #size = 0;
  /** What takes back what was noted for the commit that is under way: places, and next to each the place, its state and its output as they were. */
  #undoPlaces: Places[] = [];
  #undoValues: number[] = [];

  constructor(most = maxPlaces) {
    this.#maxPlaces = most;
  }

  forget(): void {
    this.#size = 0;
    this.keep();
    this.#byExecution.clear();
  }

  /** What was noted is stored. */
  keep(): void {
    if (this.#undoPlaces.length === 0) return;
    this.#undoPlaces = [];
    this.#undoValues = [];
  }

  /** What was noted was refused. */
  undo(): void {
    for (let at = this.#undoPlaces.length - 1; at >= 0; at--) {
      const { states, outputs } = this.#undoPlaces[at] as Places;
      const place = this.#undoValues[3 * at] as number;
      states[place] = this.#undoValues[3 * at + 1] as number;
      outputs[place] = this.#undoValues[3 * at + 2] as number;
    }
    this.keep();
  }

  /** What has settled is written no more. */
  drop(executionKey: number): void {
    this.#size -= this.#byExecution.get(executionKey)?.size ?? 0;
    this.#byExecution.delete(executionKey);
  }

  /** Whether all that was ever written of it is known. */
  isWhole(executionKey: number): boolean {
    return this.#byExecution.get(executionKey)?.isWhole ?? false;
  }

  findOutput(executionKey: number, position: number, item: number): number | undefined {
    const known = this.#byExecution.get(executionKey);
    return (item < 0 ? known?.steps.outputs[position] : known?.items.get(position)?.outputs[item]) || undefined;
  }

  /** By position: the rows that have the outputs of steps. */
  listOutputs(executionKey: number): readonly number[] {
    return this.#byExecution.get(executionKey)?.steps.outputs ?? [];
  }

  /**
   * Notes what a row of the journal says.
   *
   * @param isFirst whether it is the first of its execution
   * @throws a `FlowError` with code `record_settled`, a TypeError for a run that ends twice
   */
  note(executionKey: number, number: number, steps: readonly StepRecord[], attempts: readonly AttemptRecord[], isFirst = false): void {
    const known = this.#open(executionKey, isFirst);
    for (const { position, item, stepId, settledAt } of steps) {
      const places = this.#reach(known, position, item);
      const place = this.#change(places, position, item);
      const state = places.states[place] as number;
      if ((state & 1) === 1) throw createSettledError('step', `${stepId} (${executionKey}/${position}/${item})`);
      if (settledAt !== null) places.states[place] = state + 1;
    }
    const rising = attempts.length > 1 ? attempts.toSorted((a, b) => a.run - b.run) : attempts;
    for (const { position, item, run, output } of rising) {
      const places = this.#reach(known, position, item);
      const place = this.#change(places, position, item);
      const state = places.states[place] as number;
      if (run <= state >> 1) throw new TypeError(`The attempt ${executionKey}/${position}/${item}/${run} is stored already, and is written once`);
      places.states[place] = 2 * run + (state % 2);
      if (output !== null) places.outputs[place] = number;
    }
  }

  #change(places: Places, position: number, item: number): number {
    const place = item < 0 ? position : item;
    this.#undoPlaces.push(places);
    this.#undoValues.push(place, places.states[place] as number, places.outputs[place] as number);
    return place;
  }

  /** Begins anew with what was read of an execution. */
  begin(executionKey: number): void {
    this.drop(executionKey);
    this.#open(executionKey, true);
  }

  /** @param outputs by position: the rows that have the outputs of steps */
  learnCheckpoint({ executionKey, settled, items }: CheckpointRecord, outputs: readonly number[]): void {
    const known = this.#open(executionKey, true);
    readEndings(settled, position => void (this.#reach(known, position, -1).states[position] = 1));
    for (const [position, output] of outputs.entries()) if (output > 0) this.#reach(known, position, -1).outputs[position] = output;
    for (const [position, ranges] of items) readRanges(ranges, (from, to) => void this.#reach(known, position, to).states.fill(1, from, to + 1));
  }

  /** As `note`, of a row that was read: what it says is so. */
  learn(executionKey: number, number: number, steps: readonly StepRecord[], attempts: readonly AttemptRecord[]): void {
    const known = this.#open(executionKey, true);
    for (const { position, item, settledAt } of steps) {
      const { states } = this.#reach(known, position, item);
      const place = item < 0 ? position : item;
      states[place] = ((states[place] as number) & ~1) + (settledAt === null ? 0 : 1);
    }
    for (const { position, item, run, output } of attempts) {
      const { states, outputs } = this.#reach(known, position, item);
      const place = item < 0 ? position : item;
      states[place] = Math.max((states[place] as number) >> 1, run) * 2 + ((states[place] as number) & 1);
      if (output !== null) outputs[place] = number;
    }
  }

  #open(executionKey: number, isWhole: boolean): Known {
    const before = this.#byExecution.get(executionKey);
    // While there is room nobody asks which one was used last.
    if (before && this.#size * 2 <= this.#maxPlaces) return before;
    const known = before ?? { isWhole, size: 0, steps: new Places(), items: new Map<number, Places>() };
    // The one used last stands last.
    if (before) this.#byExecution.delete(executionKey);
    this.#byExecution.set(executionKey, known);
    if (this.#size <= this.#maxPlaces) return known;
    for (const oldest of this.#byExecution.keys()) {
      if (this.#size <= this.#maxPlaces || oldest === executionKey) break;
      this.drop(oldest);
    }
    return known;
  }

  #reach(known: Known, position: number, item: number): Places {
    let places = item < 0 ? known.steps : known.items.get(position);
    if (!places) known.items.set(position, (places = new Places()));
    const added = places.reach(item < 0 ? position : item);
    known.size += added;
    this.#size += added;
    return places;
  }
}
