import type { MutableBatch } from '../../persistence/records/empty-batch.ts';
import type { Answer } from '../../persistence/answer.ts';
import type { Transaction } from '../../persistence/store.ts';
import type { DueTimes } from './due.ts';
import type { Holding } from './holding.ts';

/** A request of a client that may be repeated: it is stored in the commit of its effect, so that it is recognised. */
export interface NamedRequest {
  readonly key: string;
  /** What is to be answered again; left out: what the kind answers. Nothing is stored for one that answers false, or refuses. */
  readonly answer?: unknown;
}

/** What a kind is told in a tick, and who waits for the answer. */
export interface Envelope {
  readonly kind: Kind;
  readonly command: unknown;
  /** Called with the answer after the commit. */
  readonly done?: ((answer: never) => void) | undefined;
  /** Called when there is no commit, or the command was refused. */
  readonly refused?: ((error: Error) => void) | undefined;
  /** It may have writes of its own for the tick's transaction. */
  readonly writes?: boolean;
  /** Of those that come in one tick, the lowest first; without one it keeps its place. */
  readonly order?: number | undefined;
  readonly request?: NamedRequest | undefined;
}

/** A write of somebody's own in the tick's transaction. */
export type OwnWrite = (tx: Transaction) => void;

/** The tick that is under way, as a kind sees it. */
export interface Tick {
  /** Epoch ms; the same for everything that happens in one tick. */
  readonly now: number;
  /** Tells a kind in the same tick, after everything that was told before. */
  post(envelope: Envelope): void;
  /** Tells a kind now; gives its answer, or its refusal. Whoever waits for it has it after the commit. */
  take(envelope: Envelope): unknown;
  /** Takes the present envelope out of the tick: whoever has it sees to its answer. */
  hold(): Envelope;
  /** Runs a write in the tick's transaction. One that throws is undone, alone. */
  attempt(write: OwnWrite): void;
}

/** Says what stands still: nothing is done for it that it was not told. */
export interface Standing {
  isHeld(key: string, path?: string, group?: string): boolean;
  /** It has come to its end: nobody has it stand still any more. */
  over(key: string): void;
}

/** What a kind has of the runtime from one beginning to the next end. */
export interface Life {
  /** The highest key of the store when it was taken. */
  readonly lastKey: number;
  readonly due: DueTimes;
  /** Whether it goes on. */
  readonly isOpen: boolean;
  /** Whoever has something stand still; undefined: nobody has. */
  readonly sift: Standing | undefined;
  /** Tells a kind in one of the next ticks. */
  post(envelope: Envelope): void;
  /** As `post`; resolves with the answer after the commit. */
  ask(kind: Kind, command: unknown, request?: NamedRequest): Promise<unknown>;
}

/** Actors of one kind, in the ticks of a runtime. */
export interface Kind<Command = unknown> {
  /** As in logs and errors. */
  readonly name: string;
  /**
   * Called when the runtime begins and after each restart: forgets what was in memory, reads back what is unfinished.
   *
   * @returns what to do once all kinds have begun
   */
  begin(life: Life): Answer<void | (() => void)>;
  /** Reads ahead, in one go, what commands of the next tick are decided by; left out: nothing can be. */
  readAhead?(commands: readonly Command[]): Answer<void>;
  /**
   * Reads what is missing of what a command is decided by, absence, too; left out: all of that is in memory. Called right before
   * `apply`, with everything in memory that came before it in the tick. What it throws is told in place of `apply`.
   */
  load?(command: Command, now: number): Answer<void>;
  /** What `apply` of a command takes along (`tick.take`): it is read together with it. Left out: nothing. */
  takesAlong?(command: Command): readonly Envelope[];
  /**
   * Decides a command by what is in memory, without I/O. What it returns is the answer, given after the commit; `refuse`
   * refuses the command and changes nothing. One that throws has the whole tick dropped, and fails alone in the end.
   */
  apply(command: Command, tick: Tick): unknown;
  /** Adds what was changed in this tick to the commit. @returns whether there is anything to be stored */
  collect(batch: MutableBatch, now: number): boolean;
  /** The commit is done: acts on what was decided. */
  perform(now: number): void;
  /** The tick was dropped: what it touched is read back as it is stored. Handlers that run go on. */
  readBack(): Answer<void>;
  /** This one alone cannot be decided, or not be stored: whoever waits gets the error, else whatever it is about fails with it. */
  fail(envelope: Envelope, error: Error): void;
  /** `drain`: begin nothing new. `release`: give back what has not ended. `end`: abort what runs, forget everything. */
  halt(how: 'drain' | 'release' | 'end', error: Error): void;
  /** Whether nothing of it runs any more. */
  readonly idle: boolean;
  /** So that its commands can be held and walked through; left out: they cannot. */
  readonly holding?: Holding<Command, Envelope> | undefined;
}

/** An answer that refuses a command. */
export class Refusal {
  readonly error: Error;

  constructor(error: Error) {
    this.error = error;
  }
}

/** Refuses a command, as its kind may before it has changed anything: only its caller is told. */
export const refuse = (error: Error): Refusal => new Refusal(error);
