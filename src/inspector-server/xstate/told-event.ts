import type { InspectionEvent } from 'xstate';
import { z } from 'zod';

/** The release of `@statelyai/inspect` whose messages these are. */
const version = '0.7.2';
/** What is deeper is not told, as there. */
const maxDepth = 10;

/** A message of XState's inspectors: an actor, an event that reached it, or a snapshot that followed. */
export interface ToldEvent {
  readonly type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot';
  readonly sessionId: string;
  readonly [name: string]: unknown;
}

const text = z.string().max(10_000);

/** What an application sends. More than this is passed on as it is. */
export const toldEvent = z.looseObject({
  type: z.enum(['@xstate.actor', '@xstate.event', '@xstate.snapshot']),
  sessionId: z.string().min(1).max(1_000),
  rootId: text.nullish(),
  parentId: text.nullish(),
  sourceId: text.nullish(),
  name: text.nullish(),
  definition: z.string().nullish(),
  createdAt: z.string().max(100).nullish(),
});

/** An actor of XState's inspection events, as far as it is told of. */
export interface SeenActor {
  readonly sessionId: string;
  readonly id?: string;
  readonly logic?: { readonly config?: unknown };
  readonly _parent?: SeenActor | undefined;
  getSnapshot?(): unknown;
}

/** The message about an actor as it is now. */
export function tellActor(actor: SeenActor, rootId: string | undefined, now: number): ToldEvent {
  const { sessionId, id = sessionId, logic } = actor;
  const config = typeof logic?.config === 'object' && logic.config !== null ? (logic.config as { readonly id?: string }) : undefined;
  const name = id === sessionId && config ? (config.id ?? id) : id;
  const snapshot = readSnapshot(actor);
  return { ...toBase('@xstate.actor', sessionId, rootId, now), name, definition: JSON.stringify(toPlain(config ?? { id: name })), parentId: actor._parent?.sessionId, snapshot };
}

function readSnapshot(actor: SeenActor): unknown {
  try {
    const snapshot = actor.getSnapshot?.();
    return snapshot === undefined ? { status: 'active' } : toPlain(snapshot);
  } catch {
    // One that XState is just making cannot be asked yet; its first snapshot follows.
    return { status: 'active' };
  }
}

/** The message that goes with an inspection event of XState; undefined: that of a microstep or an action, which have none. */
export function tellEvent(event: InspectionEvent, now: number): ToldEvent | undefined {
  const { rootId } = event;
  const actor = event.actorRef as unknown as SeenActor;
  if (event.type === '@xstate.actor') return tellActor(actor, rootId, now);
  if (event.type === '@xstate.event') return { ...toBase(event.type, actor.sessionId, rootId, now), event: toPlain(event.event), sourceId: event.sourceRef?.sessionId };
  if (event.type === '@xstate.snapshot') return { ...toBase(event.type, actor.sessionId, rootId, now), event: toPlain(event.event), snapshot: toPlain(event.snapshot) };
  return undefined;
}

const toBase = (type: ToldEvent['type'], sessionId: string, rootId: string | undefined, now: number): ToldEvent => {
  const [, executionId] = /^orchestrator\/flow:([^/]+)/.exec(sessionId) ?? [];
  return { type, sessionId, rootId, id: null, createdAt: String(now), _version: version, ...(executionId !== undefined && { executionId }) };
};

/** A copy that JSON has words for: functions by their names, what is within itself by none. */
function toPlain(value: unknown, depth = 0, above: ReadonlySet<unknown> = new Set()): unknown {
  if (typeof value === 'function') return { type: value.name };
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return '[Circular]';
  if (depth > maxDepth) return Array.isArray(value) ? '[Array]' : '[Object]';
  const own = new Set(above).add(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return toPlain(value.toJSON(), depth, own);
  if (Array.isArray(value)) return value.map(one => toPlain(one, depth + 1, own));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toPlain(one, depth + 1, own)]));
}
