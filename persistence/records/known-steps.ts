import type { AttemptRecord, StepRecord } from '../records.ts';
import { createSettledError } from '../store-errors.ts';

/** Steps and items that are remembered, of all executions together; of the one used last, all are. Some 20 MB. */
const maxSteps = 200_000;

interface Known {
  settled: boolean;
  /** Its last run that has ended; 0: none. */
  run: number;
  /** The journal row that holds its output; 0: none. */
  output: number;
}

const toPlace = (position: number, item: number): string => `${position}/${item}`;

/**
 * Steps that this owner has written or read, of the executions it used last.
 *
 * The journal takes whatever is appended to it: what is settled stays because whoever writes is held to it here.
 */
export class KnownSteps {
  readonly #byExecution = new Map<number, Map<string, Known>>();
  #size = 0;

  /** What takes back what was noted for the commit that is under way. */
  #undos: { readonly one: Known; readonly before: Known }[] = [];

  forget(): void {
    this.#size = 0;
    this.#undos = [];
    this.#byExecution.clear();
  }

  /** What was noted is stored. */
  keep(): void {
    this.#undos = [];
  }

  /** What was noted was refused. */
  undo(): void {
    for (const { one, before } of this.#undos.toReversed()) Object.assign(one, before);
    this.#undos = [];
  }

  /** What has settled is written no more. */
  drop(executionKey: number): void {
    this.#size -= this.#byExecution.get(executionKey)?.size ?? 0;
    this.#byExecution.delete(executionKey);
  }

  findOutput(executionKey: number, position: number, item: number): number | undefined {
    return this.#byExecution.get(executionKey)?.get(toPlace(position, item))?.output || undefined;
  }

  /**
   * Notes what a row of the journal says.
   *
   * @throws a `FlowError` with code `record_settled`, a TypeError for a run that ends twice
   */
  note(executionKey: number, number: number, steps: readonly StepRecord[], attempts: readonly AttemptRecord[]): void {
    const known = this.#open(executionKey);
    for (const { position, item, stepId, settledAt } of steps) {
      const one = this.#change(known, position, item);
      if (one.settled) throw createSettledError('step', `${stepId} (${executionKey}/${position}/${item})`);
      one.settled = settledAt !== null;
    }
    const rising = attempts.length > 1 ? attempts.toSorted((a, b) => a.run - b.run) : attempts;
    for (const { position, item, run, output } of rising) {
      const one = this.#change(known, position, item);
      if (run <= one.run) throw new TypeError(`The attempt ${executionKey}/${position}/${item}/${run} is stored already, and is written once`);
      one.run = run;
      if (output !== null) one.output = number;
    }
  }

  #change(known: Map<string, Known>, position: number, item: number): Known {
    const one = this.#find(known, position, item);
    this.#undos.push({ one, before: { settled: one.settled, run: one.run, output: one.output } });
    return one;
  }

  /** As `note`, of a row that was read: what it says is so. */
  learn(executionKey: number, number: number, steps: readonly StepRecord[], attempts: readonly AttemptRecord[]): void {
    const known = this.#open(executionKey);
    for (const { position, item, settledAt } of steps) this.#find(known, position, item).settled = settledAt !== null;
    for (const { position, item, run, output } of attempts) {
      const one = this.#find(known, position, item);
      one.run = Math.max(one.run, run);
      if (output !== null) one.output = number;
    }
  }

  #open(executionKey: number): Map<string, Known> {
    const before = this.#byExecution.get(executionKey);
    const known = before ?? new Map<string, Known>();
    // The one used last stands last.
    this.#byExecution.delete(executionKey);
    this.#byExecution.set(executionKey, known);
    for (const [oldest] of this.#byExecution) {
      if (this.#size <= maxSteps || oldest === executionKey) break;
      this.drop(oldest);
    }
    return known;
  }

  #find(known: Map<string, Known>, position: number, item: number): Known {
    const place = toPlace(position, item);
    const before = known.get(place);
    if (before) return before;
    const one = { settled: false, run: 0, output: 0 };
    known.set(place, one);
    this.#size++;
    return one;
  }
}
