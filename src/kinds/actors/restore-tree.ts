import type { AnyActorLogic, AnyStateMachine, EventObject } from 'xstate';
import { FlowError } from '../../core/errors.ts';
import type { ActorSources } from './actor-sources.ts';
import { readMachineName } from './actor-sources.ts';
import type { Outside } from './actor-tree.ts';
import { ActorTree } from './actor-tree.ts';
import type { Decoding, ValueCodec } from './encode-value.ts';
import { decodeValue } from './encode-value.ts';
import type { Handles } from './freeze-tree.ts';
import type { FrozenActor, FrozenTree } from './frozen-tree.ts';
import { toIncarnation } from './incarnation.ts';
import type { Inner } from './xstate-internals.ts';
import { createInner, isMachine, putNodes, putSystemId, running, stopped, toSnapshotEvent } from './xstate-internals.ts';

export interface RestoreParams {
  readonly rootId: string;
  readonly logic: AnyActorLogic;
  /** Taken apart: give a copy of its own. */
  readonly frozen: FrozenTree;
  readonly outside: Outside;
  readonly codecs: readonly ValueCodec[];
  readonly handles: Handles;
  readonly sources: ActorSources;
}

/** The tree as it was, in the same states and sessions. Nothing begins and nobody is told. */
export function restoreTree({ rootId, logic, frozen, outside, codecs, handles, sources }: RestoreParams): ActorTree {
  const tree = new ActorTree(rootId, outside, (parent, child) => sources.toName(parent, child));
  tree.transition = frozen.transition;
  tree.sessions = frozen.sessions;
  tree.promises = frozen.promises;
  tree.incarnation = toIncarnation(frozen.root.session);
  const actors = new Map<string, Inner>();
  const stored = new Map(frozen.below.map(actor => [actor.session, actor]));
  const { held = {} } = frozen;
  const restoring: Restoring = { tree, sources, stored, actors, held };
  tree.root = restoreActor(restoring, frozen.root, logic, undefined);
  // Those that no parent lists, the ones that began first before those they began.
  for (const actor of frozen.below) {
    const parent = actors.get(actor.parent ?? '');
    if (parent && !actors.has(actor.session)) restoreActor(restoring, actor, requireLogic(restoring, parent, actor), parent);
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
  for (const [systemId, id] of Object.entries(held)) tree.hold(systemId, toGone(`held by ${id}`, id));
  const toActor = (session: string, id = ''): Inner => actors.get(session) ?? toGone(session, id);
  const decoding: Decoding = {
    codecs,
    toRef: ref => (typeof ref['address'] === 'string' ? handles.toHandle(ref['address']) : toActor(ref['session'] as string, ref['id'] as string)),
  };
  for (const { session, snapshot } of [frozen.root, ...frozen.below]) {
    const actor = actors.get(session);
    if (!actor) continue;
    for (const part of ['output', 'error', 'context', 'input']) {
      const decoded = decodeValue(snapshot[part], decoding);
      if (part !== 'input' || part in snapshot) (actor._snapshot as unknown as Record<string, unknown>)[part] = decoded;
    }
  }
  for (const { number, dueAt, key, source, target, event, newest } of frozen.timers) {
    const to = typeof target === 'string' ? toActor(target) : (decodeValue(target, decoding) as Inner);
    tree.timers.restore({ number, dueAt, key, source: toActor(source), target: to, event: decodeValue(event, decoding) as EventObject }, newest === true);
  }
  return tree;
}

const goneLogic = { transition: (snapshot: unknown) => snapshot, getInitialSnapshot: () => ({ status: 'stopped' }), getPersistedSnapshot: (snapshot: unknown) => snapshot } as unknown as AnyActorLogic;

function requireLogic({ tree, sources }: Restoring, parent: Inner, { id, src }: FrozenActor): AnyActorLogic {
  const machine = tree.getOriginal(parent);
  const logic = isMachine(machine) && src !== undefined ? sources.find(machine as AnyStateMachine, src) : undefined;
  if (logic) return logic;
  const { machineId } = readMachineName(src ?? '') ?? {};
  if (machineId !== undefined) throw new FlowError('actor_logic_missing', `Expected the machine \`${machineId}\` among the \`machines\` of createRuntime: \`${tree.toAddress(parent)}/${id}\` was spawned from it by value, and it has no name in the machine of \`${tree.toAddress(parent)}\``);
  throw new FlowError('actor_logic_missing', `Expected the machine of \`${tree.toAddress(parent)}\` to have an actor \`${src}\`, which \`${tree.toAddress(parent)}/${id}\` was spawned from; it has no such actor now`);
}

interface Restoring {
  readonly tree: ActorTree;
  readonly sources: ActorSources;
  /** All but the root, by session. */
  readonly stored: ReadonlyMap<string, FrozenActor>;
  /** What is back, by session. */
  readonly actors: Map<string, Inner>;
  /** Names of actors that never began. */
  readonly held: Readonly<Record<string, string>>;
}

function restoreActor(restoring: Restoring, frozen: FrozenActor, logic: AnyActorLogic, parent: Inner | undefined): Inner {
  const { tree, stored, actors, held } = restoring;
  tree.givenSession = frozen.session;
  const { id, src, systemId, sync, status, snapshot, run } = frozen;
  // One that has ended, or was to end when a transition threw, gave its name back: another may have it.
  const hasName = systemId !== undefined && status !== stopped && !Object.hasOwn(held, systemId);
  const actor = createInner(logic, { id, parent, system: tree.system, src, systemId: hasName ? systemId : undefined, syncSnapshot: sync, snapshot: { ...snapshot, nodes: undefined } });
  if (systemId !== undefined && !hasName) putSystemId(actor, systemId);
  if (actor._snapshot.status === 'error' && snapshot['status'] !== 'error') throw actor._snapshot.error;
  actors.set(frozen.session, actor);
  if (run) tree.runs.set(frozen.session, run);
  const { nodes } = snapshot as { nodes?: readonly string[] };
  if (nodes && isMachine(logic)) putNodes(actor, logic, nodes, snapshot['value']);
  if (status === running) {
    // What `start` does, without telling anybody: to the actor nothing has happened.
    if (sync && parent) {
      actor.subscribe({
        next: now => {
          if (now.status === 'active') tree.system._relay(actor, parent, toSnapshotEvent(id, now));
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
  const children = actor._snapshot.children as Record<string, Inner>;
  for (const session of frozen.children ?? []) {
    const child = stored.get(session);
    if (!child) throw new TypeError(`Expected the actor ${session} below ${tree.toAddress(actor)} to be stored`);
    children[child.id] = restoreActor(restoring, child, requireLogic(restoring, actor, child), actor);
  }
  return actor;
}
