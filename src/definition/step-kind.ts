import type { MessageWait, WithMistake } from './wait.ts';

/** What a step does while it is not pending: run a handler, or wait for time, a signal, another flow or a machine. */
export type StepRole = 'task' | 'sleep' | 'signal' | 'flow' | 'machine';

/** A step as views know it. */
export interface DescribedStep {
  readonly uses: string;
  /** The signal that it waits for, if that is known. */
  readonly signal?: string | undefined;
}

/**
 * What a word in `uses` means: how it is written, what its steps take, what they do, and how they are drawn and told.
 *
 * All functions are pure. Whatever they are asked, the answer has to be the same each time: a flow that goes on after a
 * crash asks again.
 */
export interface StepKind {
  /** `uses` is this word, or begins with it and a colon: `sleep`, `flow:id`. */
  readonly name: string;
  /** How `uses` is written, for messages: `flow:id`. */
  readonly form: string;
  /** What the text after the colon has to be; left out: there is none. */
  readonly target?: RegExp;
  /**
   * `task` runs the handler that `target` names, else the one with the kind's own name. `sleep` completes when its time has
   * come. `signal` waits for a signal, and fails when its `timeout` has passed. `flow` and `machine` are Flowstone's own.
   */
  readonly role: StepRole;
  /** Keys that a step of it cannot have, each with the reason. */
  readonly refuses?: { readonly [key in StepKey]?: string };
  /** The keys of its `with`; left out: any. */
  readonly withKeys?: readonly string[];
  /** Checks a `with`, evaluated or without expressions. Returns what is wrong with it; undefined: nothing. */
  readonly check?: (value: unknown) => WithMistake | undefined;
  /** Code of the failure when expressions made a `with` that `check` refuses. Default `with_invalid`. */
  readonly code?: string;
  /** Of a `sleep`: when it ends, epoch ms. `now` is when the step begins. */
  readonly wakeAt?: (value: unknown, now: number) => number;
  /** Of a `signal`: the name of the signal it waits for. */
  readonly signal?: (value: unknown, stepId: string) => string | undefined;
  /** Of a `signal` that a message answers: which one. */
  readonly message?: (value: unknown) => MessageWait | undefined;
  /** What a waiting step does, after its name: `waits for the tide`. */
  readonly describe?: (step: DescribedStep) => string;
  /** The brackets of its box in a Mermaid flowchart. Default `['[', ']']`. */
  readonly brackets?: readonly [open: string, close: string];
  /** A `with` for generated tests, in place of one that expressions make; `place` tells steps apart. */
  readonly sample?: (value: unknown, place: { readonly position: number; readonly id: string }) => unknown;
}

/** Keys of a step that not every kind has a use for. */
export type StepKey = 'retry' | 'recover' | 'artifacts' | 'models' | 'for_each' | 'timeout';
