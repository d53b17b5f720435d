import type { AnyStateMachine, EventObject } from 'xstate';
import type { Acted, Probe } from './probe.ts';

/** Something that happens to a machine. */
export type ScriptStep =
  | { readonly send: EventObject }
  /** Time goes on, ms. */
  | { readonly advance: number }
  /** The oldest running call of a service is answered; nothing happens when none runs. */
  | { readonly settle: string; readonly output: unknown }
  | { readonly settle: string; readonly error: string }
  /** What a stream gives to whoever listens: a value, an error or its end. */
  | ({ readonly stream: string } & StreamSignal);

export type StreamSignal = { readonly value: unknown } | { readonly error: string } | { readonly ends: true };

/** A machine to be driven, and what may happen to it. */
export interface CorpusMachine {
  readonly name: string;
  readonly build: (probe: Probe) => AnyStateMachine;
  readonly input?: unknown;
  /** Machines that it spawns by value, which its runtime is given, too. */
  readonly knows?: readonly AnyStateMachine[];
  readonly steps: readonly ScriptStep[];
  /** Why nothing can be compared after a restart; undefined: it can. */
  readonly residentOnly?: string;
}

/** A snapshot without what depends on the process. */
export interface PlainSnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly output?: unknown;
  /** The message, if it is an `Error`. */
  readonly error?: unknown;
  readonly tags?: readonly string[];
  readonly children?: { readonly [id: string]: PlainSnapshot };
}

/** Everything that has to be the same whoever drives. `emitted`, `acted` and `logged` are those of the latest step. */
export interface Observation {
  readonly snapshot: PlainSnapshot;
  /** Events the root emitted. */
  readonly emitted: readonly EventObject[];
  /** Custom actions of all actors, in the order in which they were carried out. */
  readonly acted: readonly Acted[];
  readonly logged: readonly unknown[];
  /** Services that wait for an answer, and streams and callbacks that are at work, sorted. */
  readonly running: readonly string[];
}

/** A machine that somebody drives. */
export interface Driven {
  /** What has happened up to now, before the first step. */
  begin(): Promise<Observation>;
  step(step: ScriptStep): Promise<Observation>;
  /** The process ends and another one goes on from what was stored. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a machine under somebody's care. */
export type Drive = (entry: CorpusMachine) => Driven;
