import type { ActorRecord } from '../../../persistence/actor-store.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { toActorSummary } from './actor-summary.ts';
import { toEffectId } from './action-runner.ts';
import type { OpenEffect } from './actor-commands.ts';
import type { FrozenActor, FrozenHead } from './frozen-tree.ts';
import { assembleTree } from './frozen-tree.ts';
import { toIncarnation } from './incarnation.ts';
import { listParts } from './list-parts.ts';
import type { ActorSummary } from './machine-api.ts';
import type { PromiseRun } from './promise-runs.ts';
import { readStored } from '../../core/stored-value.ts';

/** A stored actor with all actors below it, as people look at it. */
export interface ActorNode {
  readonly id: string;
  readonly address: string;
  /** The name its parent spawned it by; undefined: the root. */
  readonly src?: string;
  readonly status: ActorRecord['status'];
  /** The state, of a machine. */
  readonly value?: unknown;
  readonly context?: unknown;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
  /** Of a promise that has failed or was cut off before: which attempt it is, and when that begins if it waits. */
  readonly run?: Pick<PromiseRun, 'attempt' | 'dueAt' | 'interruptions'>;
  readonly children: readonly ActorNode[];
}

export interface DelayedEventView {
  /** Epoch ms. */
  readonly dueAt: number;
  /** Whom it goes to. */
  readonly address: string;
  readonly event: { readonly type: string };
}

export interface OpenActionView {
  /** As the action is given it. */
  readonly effectId: string;
  readonly address: string;
  /** Of the action; of the event, when a message to another root is on its way. */
  readonly type: string;
  readonly params?: unknown;
  /** The actor that the message is for. */
  readonly to?: string;
}

export interface TakenEventView {
  /** The number of the transition. */
  readonly transition: number;
  readonly at: number;
  readonly address: string;
  readonly event: { readonly type: string };
}

export interface ActorView extends ActorSummary {
  readonly root: ActorNode;
  /** Transitions so far. */
  readonly transitions: number;
  /** The earliest first. */
  readonly delayed: readonly DelayedEventView[];
  /** Actions and messages to other roots that are still to be done, or that were cut off. */
  readonly actions: readonly OpenActionView[];
  /** The last ones, in order. */
  readonly events: readonly TakenEventView[];
}

/** Everything that is stored of one actor, and the last events that its tree took. */
export async function readActorView({ actors }: Pick<RecordReader, 'actors'>, id: string, maxEvents: number): Promise<ActorView | undefined> {
  const record = await actors?.getActor(id);
  if (!record) return undefined;
  const head = readStored<FrozenHead & { readonly open?: readonly OpenEffect[] }>('actors.tree', id, record.tree);
  const { root, below, timers } = assembleTree(id, head, actors && head.parts > 0 ? await listParts(actors, id) : []).frozen;
  const open = head.open ?? [];
  const bySession = new Map(below.map(actor => [actor.session, actor]));
  const addresses = new Map<string, string>();
  const toNode = (actor: FrozenActor, parent: string | undefined): ActorNode => {
    const address = parent === undefined ? record.actorId : `${parent}/${actor.id}`;
    addresses.set(actor.session, address);
    const { status, value, context, input, output, error } = actor.snapshot;
    const listed = new Set(actor.children);
    // What was read in two goes may not fit together: what is not there is left out.
    const own = [...listed].flatMap(session => bySession.get(session) ?? []);
    const others = below.filter(one => one.parent === actor.session && !listed.has(one.session));
    return {
      id: actor.id, address, ...(actor.src !== undefined && { src: actor.src }), status: status as ActorRecord['status'],
      ...dropUndefined({ value, context, input, output, error, run: toRunView(actor) }),
      children: [...own, ...others].map(child => toNode(child, address)),
    };
  };
  const tree = toNode(root, undefined);
  const toAddress = (session: unknown): string => addresses.get(String(session)) ?? (session as { readonly address?: string }).address?.replace(/#[^#]*$/, '') ?? '(gone)';
  return {
    ...toActorSummary(record),
    root: tree,
    transitions: record.seq,
    delayed: timers.map(({ dueAt, target, event }) => ({ dueAt, address: toAddress(target), event: event as { type: string } })).toSorted((a, b) => a.dueAt - b.dueAt),
    actions: open.map(({ id: effect, session, type, params, to }) => ({ effectId: toEffectId(record.actorId, toIncarnation(root.session), effect), address: toAddress(session), type, ...dropUndefined({ params, to: to?.replace(/#[^#]*$/, '') }) })),
    events: await readLastEvents(actors, record, maxEvents),
  };
}

/** What a runtime that stopped has noted of it is the next one's. */
function toRunView({ run }: FrozenActor): ActorNode['run'] {
  if (!run || (run.attempt === 1 && !run.interruptions)) return undefined;
  const { attempt, dueAt, interruptions } = run;
  return { attempt, ...dropUndefined({ dueAt, interruptions }) };
}

const dropUndefined = <Parts extends object>(parts: Parts): Partial<Parts> => Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as Partial<Parts>;

/** Not every transition is an event: where too few are found, it looks further back. */
async function readLastEvents(actors: RecordReader['actors'], { actorId, seq }: ActorRecord, count: number): Promise<TakenEventView[]> {
  for (let back = count; ; back *= 2) {
    const after = Math.max(0, seq - back);
    const rows = (await actors?.readActorJournal(actorId, after, back)) ?? [];
    const taken = rows.flatMap(({ seq: first, at, entries }) => readStored<[number, string, { type: string }][]>('journal.entries', `${actorId}/${first}`, entries).map(([transition, address, event]) => ({ transition, at, address, event })));
    if (taken.length >= count || after === 0) return taken.slice(-count);
  }
}
