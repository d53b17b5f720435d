import type { Answer } from '../../persistence/answer.ts';

/** Whom a command is about, as whoever holds or watches commands has to know it. */
export interface Subject {
  /** Unlike any other of any kind: the id of an execution, `actor:<id>`. */
  readonly key: string;
  /** Where it stands: it stands still with whatever this begins with, up to a dot. Left out: it stands alone. */
  readonly path?: string | undefined;
  /** What it is one of, as far as that is known without reading: a definition's id. */
  readonly group?: string | undefined;
  /** It goes through whatever is held: a cancel, what was let in before. */
  readonly passes?: boolean;
}

/** A command as it is shown, before it is decided. */
export interface Described {
  /** Whom it reaches, below its subject; '': the subject itself. */
  readonly address: string;
  readonly event: { readonly type: string; readonly [name: string]: unknown };
  /** JSON text of what comes with it. */
  readonly output?: string | undefined;
  /** About, characters of JSON. */
  readonly size: number;
}

/** One transition that a command would lead to. */
export interface RehearsedEntry {
  readonly key: string;
  readonly address: string;
  readonly event: { readonly type: string; readonly [name: string]: unknown };
  /** The state reached; null: it would be recorded and ignored. */
  readonly state: string | null;
  /** The states that are active then, where there may be several: `a`, `a.b`. */
  readonly states?: readonly string[] | undefined;
  /** What decides it. */
  readonly choice?: Choice | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
  /** A step on the way, of which the journal says nothing. */
  readonly isMicrostep?: true;
  /** JSON text. */
  readonly output?: string | undefined;
}

/** Why a machine takes the transition that it takes. */
export interface Choice {
  /** The guard that let it pass; null: it has none. Undefined: no transition is taken. */
  readonly guard?: string | null | undefined;
  /** Guards of the transitions before it, which refused. */
  readonly refused: readonly string[];
  readonly actions: readonly string[];
}

/** A tick that is walked through on copies: nothing is stored, nothing acted on. */
export interface Rehearsal<Posted> {
  readonly now: number;
  /** What a kind keeps in it. */
  scratch<State>(kind: object, make: () => State): State;
  /** Tells a kind in the same rehearsal, after everything that was told before. */
  post(envelope: Posted): void;
  enter(entry: RehearsedEntry): void;
  /** Something that would be done after the commit. */
  perform(effect: string): void;
}

/** What a kind says about its commands, so that they can be held, shown and walked through beforehand. */
export interface Holding<Command, Posted> {
  /** Undefined: it is nobody's. */
  subjectOf(command: Command): Subject | undefined;
  describe(command: Command): Described;
  /** Takes a command that begins something apart: what is stored at once, and what it begins with then. Undefined: it begins nothing. */
  apart(command: Command): readonly [first: Command, then: Command] | undefined;
  /** Walks through a command on a copy. @throws what it would be refused with */
  rehearse(command: Command, rehearsal: Rehearsal<Posted>): Answer<void>;
  /**
   * What a subject is one of, when it exists and has not ended. Undefined: it is not of this kind.
   *
   * @throws a `FlowError` when it cannot stand still
   */
  find(key: string): Answer<{ readonly group: string; readonly path: string } | undefined>;
  /** It stands still no more: what was passed over meanwhile is looked at. */
  released(key: string): void;
}
