import type { EventObject } from 'xstate';
import type { MachineCall } from '../../kernel/actor-call.ts';
import type { KnownMachine } from './machine-book.ts';
import type { PromiseOptionsByName } from './promise-runs.ts';

/** What an actor begins with. */
export interface ActorStart {
  readonly input?: unknown;
  readonly systemId?: string | undefined;
  /** What `getPersistedSnapshot()` gave: the actor goes on from there. */
  readonly snapshot?: object | undefined;
}

/** What the hosted machines are told in a tick. */
export type ActorCommand =
  | { readonly type: 'spawn'; readonly id: string; readonly known: KnownMachine; readonly start: ActorStart; readonly promises?: PromiseOptionsByName | undefined }
  | { readonly type: 'event'; readonly id: string; readonly session: string; readonly event: EventObject; /** Somebody waits for the answer. */ readonly called?: true; /** The session in the same tree that sends it. */ readonly source?: string | undefined; /** Whose message it is: noted there until it is taken. */ readonly from?: { readonly id: string; readonly effect: string } }
  | { readonly type: 'stop'; readonly id: string; readonly session: string }
  | { readonly type: 'look'; readonly id: string; readonly path: readonly string[] }
  /** Settled ones are deleted. */
  | { readonly type: 'prune'; readonly settledBefore: number; readonly limit: number }
  /** From the flow of which an actor is a step. */
  | { readonly type: 'step'; readonly call: MachineCall }
  /** `id`: only this one. */
  | { readonly type: 'due'; readonly id?: string | undefined }
  | { readonly type: 'resume'; readonly ids: readonly string[] }
  /** An attempt of a promise has failed, and is not the last. */
  | { readonly type: 'retry'; readonly id: string; readonly session: string; readonly attempt: number }
  /** The runtime stops: what has not ended is given back. */
  | { readonly type: 'release'; readonly ids: readonly string[] }
  /** `session` undefined: its root's. */
  | { readonly type: 'failed'; readonly id: string; readonly session: string | undefined; readonly error: unknown }
  | { readonly type: 'done'; readonly id: string; readonly effect: string };

/** An action that is still to be done, as it is stored. */
export interface OpenEffect {
  readonly id: string;
  readonly session: string;
  readonly type: string;
  /** Where its function is found again; undefined: nowhere. */
  readonly place?: string | undefined;
  readonly params?: unknown;
  readonly event?: unknown;
  readonly context?: unknown;
  /** A message to an actor outside the tree, in place of an action: `<address>#<session>`. */
  readonly to?: string | undefined;
}

/** The actors that a command names. */
export const listIds = (command: ActorCommand): readonly string[] =>
  ('ids' in command ? command.ids : 'id' in command && command.id !== undefined ? [command.id] : []);

/**
 * What is told in place of a command that can be neither decided nor stored: each actor for itself; one alone ends with the error.
 *
 * @returns none: its actor cannot even end
 */
export function listInstead(command: ActorCommand, error: unknown): readonly ActorCommand[] {
  if ('ids' in command && command.ids.length > 1) return command.ids.map(id => ({ ...command, ids: [id] }));
  if (command.type === 'event' || command.type === 'retry') return [{ type: 'failed', id: command.id, session: command.session, error }];
  if (command.type === 'due' && command.id !== undefined) return [{ type: 'failed', id: command.id, session: undefined, error }];
  return [];
}
