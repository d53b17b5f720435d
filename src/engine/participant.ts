import type { MutableBatch } from './batch.ts';
import type { Message } from '../kernel/messages.ts';

/** The tick that is under way, as a participant sees it. */
export interface Tick {
  /** Epoch ms; the same for everything that happens in one tick. */
  readonly now: number;
  /** Sends to an execution; what follows from it is stored in the same commit, if the execution is in memory. */
  send(executionId: string, message: Message): void;
  /** Tells a participant, in the same commit. */
  tell(to: ToParticipant): void;
}

/**
 * Actors of another kind than flows, in the host's ticks.
 *
 * It keeps its actors in memory itself. What it is told is decided inside a tick, stored in that tick's one commit, and
 * acted on afterwards; so a step's success and what it sends to a participant are stored together or not at all.
 */
export interface Participant<Told = unknown> {
  /** Called when the runtime begins and after each restart: forget what was in memory, read back what is unfinished. */
  begin(post: Post<Told>): void | Promise<void>;
  /**
   * Takes one message in. What it returns is the caller's answer, given after the commit.
   *
   * One that throws must have changed nothing: only its caller is told.
   */
  apply(message: Told, tick: Tick): unknown;
  /** Adds the rows of all that has changed since the last commit. Called once per tick in which it was told something. */
  collect(batch: MutableBatch, now: number): void;
  /** The commit is done: act on what was decided. */
  committed(now: number): void;
  /** Begin nothing new; what runs may end. Called before a stop waits. */
  drain(): void;
  /** The time for what runs is over: give back what has not ended. Called once, before the stop. */
  release?(): void;
  /** Whether nothing of it runs any more. */
  readonly idle: boolean;
  /** The runtime stands still or has stopped: abort what runs, forget what is in memory. */
  end(error: Error): void;
}

/** Gives a participant a message in one of the next ticks; resolves with its answer after the commit. */
export type Post<Told> = (message: Told) => Promise<unknown>;

/** A message and whom it is for. */
export interface ToParticipant<Told = unknown> {
  readonly participant: Participant<Told>;
  readonly message: Told;
}
