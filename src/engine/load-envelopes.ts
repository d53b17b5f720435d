import type { Answer } from '../../persistence/answer.ts';
import { chain } from '../../persistence/answer.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import type { Envelope, Kind } from './kind.ts';
import { isStoreTrouble } from './store-trouble.ts';

/**
 * Reads, in one go for each kind, what a tick is decided by. What goes wrong here is told when the command's own turn comes.
 */
export function readAhead(given: readonly Envelope[]): Promise<unknown> | undefined {
  const byKind = new Map<Kind, unknown[]>();
  for (const { kind, command } of given) {
    if (!kind.readAhead) continue;
    const commands = byKind.get(kind);
    if (commands) commands.push(command);
    else byKind.set(kind, [command]);
  }
  const answers: Promise<unknown>[] = [];
  for (const [kind, commands] of byKind) {
    try {
      const answer = kind.readAhead?.(commands);
      if (answer instanceof Promise) answers.push(answer);
    } catch {
      continue;
    }
  }
  return answers.length === 0 ? undefined : Promise.allSettled(answers);
}

/** The tick for which something is read. */
export interface Loading {
  readonly now: number;
  readonly kinds: Set<Kind>;
  /** What these are decided by could not be read, and why: they are refused. */
  readonly unread: Map<Envelope, Error>;
}

/** Reads what an envelope, and what is taken along with it, is decided by. What cannot be read is refused; trouble of the store is thrown. */
export function load(envelope: Envelope, tick: Loading): Answer<void> {
  const { kind, command } = envelope;
  if (!kind.load && !kind.takesAlong) return undefined;
  const { now, kinds, unread } = tick;
  // What it reads, it forgets with the tick, also when that is dropped.
  kinds.add(kind);
  const note = (error: unknown): void => {
    if (!isFlowError(error) || isStoreTrouble(error)) throw error;
    unread.set(envelope, error);
  };
  let answer: Answer<void> = undefined;
  try {
    answer = kind.load?.(command, now);
    if (answer instanceof Promise) answer = answer.catch(note);
  } catch (error) {
    note(error);
  }
  for (const one of kind.takesAlong?.(command) ?? []) answer = chain(answer, () => load(one, tick));
  return answer;
}

/** @param atOnce a transaction is open */
export function requireTime<T>(reading: Promise<T>, atOnce: boolean): Promise<T> {
  if (!atOnce) return reading;
  reading.catch(() => undefined);
  throw new FlowError('store_unsupported', 'Expected a store with transactions (`begin`) to answer at once, as the embedded ones do');
}
