import type { AttemptRecord, StepRecord } from '../records.ts';
import { createSettledError } from '../store-errors.ts';

/** Executions of which this much is remembered, at most. */
const maxExecutions = 4_096;

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

  /** What takes back what was noted for the commit that is under way. */
  #undos: (() => void)[] = [];

  forget(): void {
    this.#undos = [];
    this.#byExecution.clear();
  }

  /** What was noted is stored. */
  keep(): void {
    this.#undos = [];
  }

  /** What was noted was refused. */
  undo(): void {
    for (const undo of this.#undos.toReversed()) undo();
    this.#undos = [];
  }

  /** What has settled is written no more. */
  drop(executionKey: number): void {
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
    for (const { position, item, run, output } of attempts.toSorted((a, b) => a.run - b.run)) {
      const one = this.#change(known, position, item);
      if (run <= one.run) throw new TypeError(`The attempt ${executionKey}/${position}/${item}/${run} is stored already, and is written once`);
      one.run = run;
      if (output !== null) one.output = number;
    }
  }

  #change(known: Map<string, Known>, position: number, item: number): Known {
    const one = open(known, position, item);
    const before = { ...one };
    this.#undos.push(() => Object.assign(one, before));
    return one;
  }

  /** As `note`, of a row that was read: what it says is so. */
  learn(executionKey: number, number: number, steps: readonly StepRecord[], attempts: readonly AttemptRecord[]): void {
    const known = this.#open(executionKey);
    for (const { position, item, settledAt } of steps) open(known, position, item).settled = settledAt !== null;
    for (const { position, item, run, output } of attempts) {
      const one = open(known, position, item);
      one.run = Math.max(one.run, run);
      if (output !== null) one.output = number;
    }
  }

  #open(executionKey: number): Map<string, Known> {
    const before = this.#byExecution.get(executionKey);
    const known = before ?? new Map<string, Known>();
    this.#byExecution.delete(executionKey);
    this.#byExecution.set(executionKey, known);
    if (!before && this.#byExecution.size > maxExecutions) {
      const [oldest] = this.#byExecution.keys();
      if (oldest !== undefined) this.#byExecution.delete(oldest);
    }
    return known;
  }
}

function open(known: Map<string, Known>, position: number, item: number): Known {
  const place = toPlace(position, item);
  let one = known.get(place);
  if (!one) known.set(place, (one = { settled: false, run: 0, output: 0 }));
  return one;
}
