import { toSessionNumber } from './incarnation.ts';
import type { PromiseOptionsByName, PromiseRun } from './promise-runs.ts';
import type { ProcessingStatus } from './xstate-internals.ts';
import { readStored } from '../../core/stored-value.ts';
import { partMark } from './value-marks.ts';

/** An actor as it is stored. `snapshot` is as `getPersistedSnapshot` has it, without children. */
export interface FrozenActor {
  readonly id: string;
  readonly session: string;
  /** The session of the actor above. A root has none. */
  readonly parent?: string | undefined;
  readonly status: ProcessingStatus;
  readonly src?: string | undefined;
  readonly systemId?: string | undefined;
  readonly sync?: true | undefined;
  /** Of a promise that does not simply run for the first time. */
  readonly run?: PromiseRun | undefined;
  readonly snapshot: Record<string, unknown>;
  /** Sessions of the actors it lists as its own, in its order. */
  readonly children?: readonly string[] | undefined;
}

/** A delayed event as it is stored. */
export interface FrozenTimer {
  readonly number: number;
  readonly dueAt: number;
  readonly key: string;
  readonly source: string;
  /** A session, or the reference of an actor outside. */
  readonly target: unknown;
  readonly event: unknown;
  readonly newest?: true | undefined;
}

/** A whole tree as it is stored. */
export interface FrozenTree {
  readonly transition: number;
  readonly sessions: number;
  /** Given when the actor was spawned. */
  readonly promises?: PromiseOptionsByName | undefined;
  /** Names (`systemId`) that are held by actors that never began: their ids. */
  readonly held?: Readonly<Record<string, string>> | undefined;
  readonly root: FrozenActor;
  /** All other actors, also one that lives though no parent lists it: another took its place under its id. */
  readonly below: readonly FrozenActor[];
  readonly timers: readonly FrozenTimer[];
}

/** An actor as 0.2.0 stored it, with all below it inside. */
interface NestedActor extends Omit<FrozenActor, 'children'> {
  readonly children?: readonly NestedActor[] | undefined;
}

/** What stands in the row of a root. */
export type FrozenHead = Pick<FrozenTree, 'transition' | 'sessions' | 'promises' | 'held' | 'root'> & { /** How many parts there are beside it. */ readonly parts: number };

/** What 0.2.0 wrote into the row of a root: all there is. */
interface NestedTree {
  readonly transition: number;
  readonly sessions: number;
  readonly root: NestedActor;
  readonly unlisted?: readonly NestedActor[] | undefined;
  readonly timers?: readonly FrozenTimer[] | undefined;
}

/** A part's name: a session is an actor's, a number a delayed event's. */
export const toTimerPart = (number: number): string => `t:${number}`;
const isTimerPart = (part: string): boolean => part.startsWith('t:');
/** A large value of an actor's context. */
export const toValuePart = (session: string, key: string): string => `v:${session}:${key}`;
const isValuePart = (part: string): boolean => part.startsWith('v:');

/** Puts a root's row and its parts together. `isNested`: as 0.2.0 stored it, so no part is a row of its own yet. */
export function assembleTree(actorId: string, head: FrozenHead | NestedTree, parts: readonly { readonly part: string; readonly body: string }[]): { readonly frozen: FrozenTree; readonly isNested: boolean } {
  if (!('parts' in head)) return { frozen: flatten(head), isNested: true };
  const below: FrozenActor[] = [];
  const timers: FrozenTimer[] = [];
  const values = new Map<string, string>();
  for (const { part, body } of parts) {
    if (isValuePart(part)) values.set(part, body);
    else if (isTimerPart(part)) timers.push(readStored<FrozenTimer>('actor_parts.body', `${actorId}/${part}`, body));
    else below.push(readStored<FrozenActor>('actor_parts.body', `${actorId}/${part}`, body));
  }
  const { transition, sessions, promises, held, root } = head;
  for (const actor of values.size > 0 ? [root, ...below] : []) putValues(actorId, actor, values);
  return { frozen: { transition, sessions, promises, held, root, below: below.toSorted((a, b) => toNumber(a) - toNumber(b)), timers: timers.toSorted((a, b) => a.number - b.number) }, isNested: false };
}

/** Puts the large values of a context, which was just read and is nobody else's, into their places. */
function putValues(actorId: string, { session, snapshot }: FrozenActor, values: ReadonlyMap<string, string>): void {
  const context = (snapshot['context'] ?? {}) as Record<string, unknown>;
  for (const [key, value] of Object.entries(context)) {
    if (typeof value !== 'object' || value === null || (value as Record<string, unknown>)[partMark] !== 1) continue;
    const part = toValuePart(session, key);
    // One that is not there is damage as one that is empty.
    context[key] = readStored<{ readonly value: unknown }>('actor_parts.body', `${actorId}/${part}`, values.get(part) ?? '').value;
  }
}

/** In the order in which they began. */
const toNumber = ({ session }: FrozenActor): number => toSessionNumber(session);

function flatten({ transition, sessions, root, unlisted = [], timers = [] }: NestedTree): FrozenTree {
  const below: FrozenActor[] = [];
  const visit = ({ children = [], ...actor }: NestedActor, parent: string | undefined): FrozenActor => {
    for (const child of children) below.push(visit(child, actor.session));
    return { ...actor, parent, children: children.map(({ session }) => session) };
  };
  const flat = visit(root, undefined);
  for (const actor of unlisted) below.push(visit(actor, actor.parent));
  return { transition, sessions, root: flat, below, timers };
}
