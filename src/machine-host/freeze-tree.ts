import type { AnyActorLogic, AnyStateMachine, EventObject } from 'xstate';
import { FlowError } from '../core/errors.ts';
import type { Outside } from './actor-tree.ts';
import { ActorTree } from './actor-tree.ts';
import type { Decoding, Encoding, ValueCodec } from './encode-value.ts';
import { decodeValue, encodeValue } from './encode-value.ts';
import type { AnySnapshot, Inner, ProcessingStatus } from './xstate-internals.ts';
import { createInner, isMachine, refMark, resolveLogic, running } from './xstate-internals.ts';

/** An actor as it is stored. `snapshot` is as `getPersistedSnapshot` has it, without children. */
export interface FrozenActor {
  readonly id: string;
  readonly session: string;
  readonly status: ProcessingStatus;
  readonly src?: string | undefined;
  readonly systemId?: string | undefined;
  readonly sync?: true | undefined;
  readonly snapshot: Record<string, unknown>;
  readonly children?: readonly FrozenActor[] | undefined;
}

/** A whole tree as it is stored. */
export interface FrozenTree {
  readonly transition: number;
  readonly sessions: number;
  readonly root: FrozenActor;
  /** Actors that live though no parent lists them: another took their place under their id. */
  readonly unlisted?: readonly (FrozenActor & { readonly parent: string })[] | undefined;
  readonly timers?: readonly { readonly number: number; readonly dueAt: number; readonly key: string; readonly source: string; readonly target: string; readonly event: unknown; readonly newest?: true | undefined }[] | undefined;
}

/** What leads out of a tree: handles of other actors, by their address. */
export interface Handles {
  toAddress(ref: Inner): string | undefined;
  toHandle(address: string): unknown;
}

export const noHandles: Handles = { toAddress: () => undefined, toHandle: () => undefined };

export function createEncoding(tree: ActorTree, codecs: readonly ValueCodec[], handles: Handles): Encoding {
  return {
    codecs,
    toAddress: ref => {
      if (ref.system === tree.system) return { [refMark]: 1, id: ref.id, session: ref.sessionId };
      const address = handles.toAddress(ref);
      return address === undefined ? undefined : { [refMark]: 1, id: ref.id, address };
    },
  };
}

/** @throws a `FlowError` with code `actor_value_not_json` or `actor_not_storable` */
export function freezeTree(tree: ActorTree, encoding: Encoding): FrozenTree {
  const seen = new Set<Inner>();
  const root = freezeActor(tree, tree.root, encoding, seen);
  const unlisted = [...tree.live.values()].filter(actor => !seen.has(actor)).map(actor => ({ ...freezeActor(tree, actor, encoding, seen), parent: actor._parent?.sessionId ?? '' }));
  const timers = Array.from(tree.timers.list(), ({ number, dueAt, key, source, target, event, newest }) => ({
    number, dueAt, key, source: source.sessionId, target: target.sessionId, event: encodeValue(event, 'event', encoding, true), newest: newest || undefined,
  }));
  return { transition: tree.transition, sessions: tree.sessions, root, unlisted: unlisted.length > 0 ? unlisted : undefined, timers: timers.length > 0 ? (timers as FrozenTree['timers']) : undefined };
}

function freezeActor(tree: ActorTree, actor: Inner, encoding: Encoding, seen: Set<Inner>): FrozenActor {
  seen.add(actor);
  const { id, sessionId: session, _processingStatus: status, systemId, _syncSnapshot, src } = actor;
  const children = Object.values(actor._snapshot.children ?? {}).filter(child => child !== undefined);
  if (actor._parent && typeof src !== 'string') {
    throw new FlowError('actor_not_storable', `Expected actor \`${tree.toAddress(actor)}\` to be spawned by name, got logic written in place; name it in \`setup({ actors })\` and spawn it by that name`);
  }
  return {
    id, session, status, systemId,
    src: actor._parent ? (src as string) : undefined,
    sync: _syncSnapshot ? true : undefined,
    snapshot: freezeSnapshot(tree, actor, encoding),
    children: children.length > 0 ? children.map(child => freezeActor(tree, child, encoding, seen)) : undefined,
  };
}

function freezeSnapshot(tree: ActorTree, actor: Inner, encoding: Encoding): Record<string, unknown> {
  const place = actor._parent ? `${tree.toAddress(actor)}: ` : '';
  const encodePart = (name: string, value: unknown, takesErrors = false): unknown => (value === undefined ? undefined : encodeValue(value, `${place}${name}`, encoding, takesErrors));
  const { status, output, error, context, input, value } = actor._snapshot as AnySnapshot & { historyValue?: Record<string, readonly { id: string }[]> };
  const shared = { status, output: encodePart('output', output), error: error === undefined ? undefined : encodeError(error, encoding), context: encodePart('context', context) };
  if (!isMachine(tree.getOriginal(actor))) return { ...shared, input: encodePart('input', input) };
  const { historyValue = {}, _nodes } = actor._snapshot as unknown as { historyValue?: Record<string, readonly { id: string }[]>; _nodes: readonly { id: string }[] };
  // Their order, which XState does not keep, decides between transitions.
  return { ...shared, value, nodes: _nodes.map(({ id }) => id), historyValue: Object.fromEntries(Object.entries(historyValue).map(([key, nodes]) => [key, nodes.map(({ id }) => ({ id }))])) };
}

/** What was thrown may be anything; what is no JSON is kept as text. */
function encodeError(error: unknown, encoding: Encoding): unknown {
  try {
    return encodeValue(error, 'error', encoding, true);
  } catch {
    return encodeValue(new Error(String(error)), 'error', encoding, true);
  }
}

export interface RestoreParams {
  readonly rootId: string;
  readonly logic: AnyActorLogic;
  /** Taken apart: give a copy of its own. */
  readonly frozen: FrozenTree;
  readonly outside: Outside;
  readonly codecs: readonly ValueCodec[];
  readonly handles: Handles;
}

/** The tree as it was, in the same states and sessions. Nothing begins and nobody is told. */
export function restoreTree({ rootId, logic, frozen, outside, codecs, handles }: RestoreParams): ActorTree {
  const tree = new ActorTree(rootId, outside);
  tree.transition = frozen.transition;
  tree.sessions = frozen.sessions;
  const actors = new Map<string, Inner>();
  tree.root = restoreActor(tree, frozen.root, logic, undefined, actors);
  for (const actor of frozen.unlisted ?? []) {
    const parent = actors.get(actor.parent);
    if (parent) restoreActor(tree, actor, requireLogic(tree, parent, actor), parent, actors);
  }
  tree.givenSession = undefined;
  /** An actor that is no more, but that something still refers to. */
  const toGone = (session: string, id: string): Inner => {
    tree.givenSession = session;
    const gone = createInner(goneLogic, { id, parent: tree.root, system: tree.system });
    tree.givenSession = undefined;
    gone._processingStatus = 2;
    actors.set(session, gone);
    return gone;
  };
  const toActor = (session: string, id = ''): Inner => actors.get(session) ?? toGone(session, id);
  const decoding: Decoding = {
    codecs,
    toRef: stored => (typeof stored['address'] === 'string' ? handles.toHandle(stored['address']) : toActor(stored['session'] as string, stored['id'] as string)),
  };
  const decodeAll = ({ session, snapshot, children = [] }: FrozenActor): void => {
    const actor = actors.get(session) as Inner;
    for (const part of ['output', 'error', 'context', 'input']) {
      const decoded = decodeValue(snapshot[part], decoding);
      if (part !== 'input' || part in snapshot) (actor._snapshot as unknown as Record<string, unknown>)[part] = decoded;
    }
    children.forEach(decodeAll);
  };
  decodeAll(frozen.root);
  frozen.unlisted?.forEach(decodeAll);
  for (const { number, dueAt, key, source, target, event, newest } of frozen.timers ?? []) {
    tree.timers.restore({ number, dueAt, key, source: toActor(source), target: toActor(target), event: decodeValue(event, decoding) as EventObject }, newest === true);
  }
  return tree;
}

const goneLogic = { transition: (snapshot: unknown) => snapshot, getInitialSnapshot: () => ({ status: 'stopped' }), getPersistedSnapshot: (snapshot: unknown) => snapshot } as unknown as AnyActorLogic;

function requireLogic(tree: ActorTree, parent: Inner, { id, src }: FrozenActor): AnyActorLogic {
  const machine = tree.getOriginal(parent);
  const logic = isMachine(machine) && src !== undefined ? resolveLogic(machine as AnyStateMachine, src) : undefined;
  if (logic) return logic;
  throw new FlowError('actor_logic_missing', `Expected the machine of \`${tree.toAddress(parent)}\` to have an actor \`${src}\`, which \`${tree.toAddress(parent)}/${id}\` was spawned from; it has no such actor now`);
}

function restoreActor(tree: ActorTree, frozen: FrozenActor, logic: AnyActorLogic, parent: Inner | undefined, actors: Map<string, Inner>): Inner {
  tree.givenSession = frozen.session;
  const { id, src, systemId, sync, status, snapshot } = frozen;
  const actor = createInner(logic, { id, parent, system: tree.system, src, systemId, syncSnapshot: sync, snapshot: { ...snapshot, nodes: undefined } });
  if (actor._snapshot.status === 'error' && snapshot['status'] !== 'error') throw actor._snapshot.error;
  actors.set(frozen.session, actor);
  const { nodes } = snapshot as { nodes?: readonly string[] };
  if (nodes && isMachine(logic)) {
    const found = nodes.map(nodeId => (logic as unknown as { idMap: ReadonlyMap<string, unknown> }).idMap.get(nodeId));
    if (!found.includes(undefined)) (actor._snapshot as unknown as Record<string, unknown>)['_nodes'] = found;
  }
  if (status === running) {
    // What `start` does, without telling anybody: to the actor nothing has happened.
    if (sync && parent) {
      actor.subscribe({
        next: now => {
          if (now.status === 'active') tree.system._relay(actor, parent, { type: `xstate.snapshot.${id}`, snapshot: now } as never);
        },
        error: () => {},
      });
    }
    tree.system._register(frozen.session, actor);
    actor._processingStatus = running;
    actor.mailbox.start();
  } else {
    actor._processingStatus = status;
  }
  for (const child of frozen.children ?? []) {
    const children = actor._snapshot.children as Record<string, Inner>;
    children[child.id] = restoreActor(tree, child, requireLogic(tree, actor, child), actor, actors);
  }
  return actor;
}
