import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, EventObject, InputFrom, Snapshot } from 'xstate';

/**
 * A machine of any copy of XState 5.
 *
 * Types of two releases of XState do not fit each other, even of two patches; this is what all of them have.
 */
export interface MachineLike {
  readonly id: string;
  readonly states: object;
  provide(...args: never): unknown;
  getStateNodeById(...args: never): unknown;
  getInitialSnapshot(...args: never): unknown;
  transition(...args: never): unknown;
}

/** Of any machine when nothing is known of it. */
export type SnapshotOf<Machine extends MachineLike> = MachineLike extends Machine ? AnyMachineSnapshot : ReturnType<Machine['getInitialSnapshot']> extends infer Seen extends Snapshot<unknown> ? Seen : never;

export type EventOf<Machine extends MachineLike> = MachineLike extends Machine ? AnyEventObject : Parameters<Machine['transition']>[1] extends infer Sent extends EventObject ? Sent : never;

export type InputOf<Machine extends MachineLike> = MachineLike extends Machine ? unknown : Parameters<Machine['getInitialSnapshot']>[1];

/** As `InputOf`; without undefined where the machine needs one. Of another release of XState: it may always be left out. */
export type RequiredInputOf<Machine extends MachineLike> = [Machine] extends [never] ? unknown : MachineLike extends Machine ? unknown : Machine extends AnyStateMachine ? InputFrom<Machine> : InputOf<Machine>;

export type EmittedOf<Machine extends MachineLike> = MachineLike extends Machine ? AnyEventObject : Parameters<Machine['transition']>[2] extends { readonly emit: (event: infer Emitted extends EventObject) => void } ? Emitted : never;
