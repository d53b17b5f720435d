import type { EventObject } from 'xstate';
import type { ActorJournalRecord, ActorRecord } from '../../../persistence/actor-store.ts';
import type { ActorStart, OpenEffect } from './actor-commands.ts';
import type { ActorSources } from './actor-sources.ts';
import { ActorTree } from './actor-tree.ts';
import type { Decoding, Encoding, ValueCodec } from './encode-value.ts';
import { decodeValue, encodeValue } from './encode-value.ts';
import type { Handles } from './freeze-tree.ts';
import { createEncoding } from './freeze-tree.ts';
import type { FrozenTree } from './frozen-tree.ts';
import { createIncarnation } from './incarnation.ts';
import type { LiveServices } from './live-services.ts';
import type { PromiseOptions, PromiseOptionsByName, PromiseRun } from './promise-runs.ts';
import { firstRun, retryRun, takeOverRun } from './promise-runs.ts';
import type { KnownMachine } from './machine-book.ts';
import type { PersistedSnapshot } from './persisted-snapshot.ts';
import { requireResumed, resolveSources } from './persisted-snapshot.ts';
import type { StoredTree } from './read-stored-tree.ts';
import { restoreTree } from './restore-tree.ts';
import type { TreeEffect, TreeOutcome } from './tree-outcome.ts';
import type { TreeRows } from './tree-parts.ts';
import { TreeParts } from './tree-parts.ts';
import type { Inner } from './xstate-internals.ts';
import { toKind } from './xstate-internals.ts';

export interface HostedParams {
  readonly id: string;
  readonly known: KnownMachine;
  readonly codecs: readonly ValueCodec[];
  readonly handles: Handles;
  readonly sources: ActorSources;
  readonly outside: (session: string, event: EventObject, source?: string) => void;
  /** What promises and callbacks emit while no event is taken. */
  readonly emitted: (actor: Inner, event: EventObject) => void;
  /** Whether somebody inspects. */
  readonly isInspected: boolean;
  readonly services: LiveServices;
  /** It has taken something that can be stored. */
  readonly absorbed: (actor: HostedActor) => void;
}

/** What one commit stores of a tree. */
export interface HostedRows {
  readonly row: ActorRecord;
  /** Nothing of the row has changed but its tree and number. */
  readonly isProgress: boolean;
  readonly journal: ActorJournalRecord | undefined;
  /** Its children and delayed events that are new or have changed, and the names of those that are no more. */
  readonly put: TreeRows['put'];
  readonly removed: TreeRows['removed'];
}

type Action = Extract<TreeEffect, { kind: 'action' }>;

/** One tree in memory: what it is now, what of it is stored, and what this tick did to it. */
export class HostedActor {
  readonly id: string;
  readonly known: KnownMachine;
  readonly services: LiveServices;
  tree: ActorTree;
  /** Stored actions that are still to be done. */
  readonly open = new Map<string, OpenEffect>();
  /** What has happened since the last commit. */
  outcomes: TreeOutcome[] = [];
  /** Something is to be stored. */
  touched = false;
  createdAt = 0;
  readonly #params: HostedParams;
  #parts = new TreeParts();
  #encoding: Encoding;
  #entries: unknown[] = [];
  /** Its row as it was written last; what was only read back is written whole. */
  #stored: ActorRecord | undefined;

  constructor(params: HostedParams) {
    this.#params = params;
    this.id = params.id;
    this.known = params.known;
    this.services = params.services;
    this.tree = new ActorTree(params.id, this.#outside, (parent, child) => params.sources.toName(parent, child));
    this.#encoding = this.#bind();
  }

  #bind(): Encoding {
    const { codecs, handles, emitted, isInspected } = this.#params;
    this.tree.emitted = emitted;
    this.tree.isInspected = isInspected;
    return createEncoding(this.tree, codecs, handles);
  }

  readonly #outside = (target: Inner, event: EventObject, source?: Inner): void => this.#params.outside(target.sessionId, event, source?.sessionId);

  /** Makes a new one. @throws what cannot be stored, or gone on with */
  begin({ snapshot, ...start }: ActorStart, promises: PromiseOptionsByName | undefined, now: number): void {
    this.createdAt = now;
    encodeValue(start.input, 'input', this.#encoding);
    // XState writes into what it restores.
    const persisted = snapshot && (this.fromPlain(encodeValue(snapshot, 'snapshot', this.#encoding, true)) as PersistedSnapshot);
    if (persisted) resolveSources(this.known.machine, persisted, this.#params.sources);
    this.tree.incarnation = createIncarnation(now);
    this.tree.promises = promises;
    this.tree.create(this.known.machine, { ...start, snapshot: persisted });
    if (persisted) requireResumed(this.tree.root, persisted);
    this.absorb(this.tree.begin(now));
  }

  /** Takes it over from its rows: what ran for it was cut off. */
  restore(record: ActorRecord, stored: StoredTree): void {
    this.#adopt(record, stored);
    for (const { sessionId } of this.#listPromises()) this.tree.runs.set(sessionId, takeOverRun(this.toRun(sessionId)));
    if (!this.#listPromises().next().done) this.#takeRuns();
  }

  /** Makes another one, which is thrown away, as this one is. */
  copyTo(other: HostedActor): HostedActor {
    const frozen = this.#parts.toFrozen();
    other.#adopt({ createdAt: this.createdAt }, { frozen, open: [...this.open.values()], isChanged: false, parts: new Set() });
    return other;
  }

  /** Becomes again what its rows say; what runs for it goes on. */
  readBack(record: ActorRecord, stored: StoredTree): void {
    this.open.clear();
    this.outcomes = [];
    this.#entries = [];
    this.#stored = undefined;
    this.#parts = new TreeParts();
    this.#adopt(record, stored);
    this.touched = false;
  }

  #adopt({ createdAt }: Pick<ActorRecord, 'createdAt'>, { frozen, open, isChanged, parts }: StoredTree): void {
    this.createdAt = createdAt;
    for (const effect of open) this.open.set(effect.id, effect);
    this.#rebuild(frozen);
    this.#parts.adopt(this.tree, this.#encoding, isChanged, parts);
  }

  #rebuild(frozen: FrozenTree): void {
    const { codecs, handles, sources } = this.#params;
    this.tree = restoreTree({ rootId: this.id, logic: this.known.machine, frozen, outside: this.#outside, codecs, handles, sources });
    this.#encoding = this.#bind();
  }

  /**
   * Notes what a message did, if it can be stored.
   *
   * @throws a `FlowError` when it cannot; everything is then as before the message
   */
  absorb(outcome: TreeOutcome): void {
    try {
      for (const effect of outcome.effects) if (effect.kind === 'send') encodeValue(effect.event, 'event', this.#encoding, true);
      this.#parts.take(this.tree, this.#encoding);
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.touched = true;
    this.outcomes.push(outcome);
    for (const { transition, address, event } of outcome.entries) this.#entries.push([transition, address, this.#toPlain(event) ?? { type: event.type }]);
    for (const effect of outcome.effects) {
      if (effect.kind === 'action') this.open.set(effect.id, this.#toOpen(effect));
      else if (effect.kind === 'send') this.#noteSend(effect);
    }
    this.#params.absorbed(this);
  }

  #takeBack(): void {
    if (this.#parts.isEmpty) return;
    this.#rebuild(this.#parts.toFrozen());
    this.#parts.rebind(this.tree);
  }

  /** A message that leaves the tree stays noted until it has been taken. To what is no actor of this runtime it is sent once. */
  #noteSend({ id, actor, to, event }: Extract<TreeEffect, { kind: 'send' }>): void {
    const address = this.#params.handles.toAddress(to);
    if (address !== undefined) this.open.set(id, { id, session: actor.sessionId, type: event.type, event: this.#toPlain(event), to: address });
  }

  #toOpen(effect: Action): OpenEffect {
    const { id, actor, type, params, event, context, place } = effect;
    const parts = { params: this.#toPlain(params), event: this.#toPlain(event), context: this.#toPlain(context) };
    // What it was given cannot be kept: it runs now, and cannot be run again.
    const isWhole = (params === undefined || parts.params !== undefined) && parts.event !== undefined && (context === undefined || parts.context !== undefined);
    return { id, session: actor.sessionId, type, ...(isWhole ? { ...parts, place } : {}) };
  }

  #toPlain(value: unknown): unknown {
    if (value === undefined) return undefined;
    try {
      return encodeValue(value, 'value', this.#encoding, true);
    } catch {
      return undefined;
    }
  }

  fromPlain(value: unknown): unknown {
    const decoding: Decoding = {
      codecs: this.#params.codecs,
      toRef: stored => (typeof stored['address'] === 'string' ? this.#params.handles.toHandle(stored['address']) : this.tree.live.get(stored['session'] as string)),
    };
    return decodeValue(value === undefined ? undefined : structuredClone(value), decoding);
  }

  toPromiseOptions({ src }: Inner): PromiseOptions {
    const name = typeof src === 'string' ? src : '';
    return { ...this.known.promises?.[name], ...this.tree.promises?.[name] };
  }

  toRun(session: string): PromiseRun {
    return this.tree.runs.get(session) ?? firstRun;
  }

  /** What is given last holds. */
  setPromises(promises: PromiseOptionsByName): void {
    if (JSON.stringify(promises) === JSON.stringify(this.tree.promises)) return;
    this.tree.promises = promises;
    this.#takeRuns();
  }

  /** An attempt has failed, and is not the last. */
  retry(session: string, attempt: number, now: number): void {
    this.services.forget(session);
    const inner = this.tree.live.get(session);
    const run = this.toRun(session);
    if (!inner || run.attempt !== attempt) return;
    this.tree.runs.set(session, retryRun(run, this.toPromiseOptions(inner), now));
    this.#takeRuns();
  }

  /** Begins the attempts that are due. */
  beginDue(now: number): void {
    if (this.tree.runs.beginDue(now)) this.#takeRuns();
  }

  /** Lets it take what is due. Delayed events set on the way wait for the next time: a machine that goes round without delay must not hold up all others. */
  fireDue(now: number): void {
    const { last } = this.tree.timers;
    this.beginDue(now);
    for (let outcome = this.tree.fire(now, last); outcome; outcome = this.status === 'active' ? this.tree.fire(now, last) : undefined) this.absorb(outcome);
  }

  /** The runtime stops, and aborts what has not ended: the next one begins it again. */
  release(): void {
    for (const { sessionId } of this.#listPromises()) this.tree.runs.set(sessionId, { ...this.toRun(sessionId), released: true });
    this.#takeRuns();
  }

  #takeRuns(): void {
    this.#parts.take(this.tree, this.#encoding);
    this.touched = true;
  }

  *#listPromises(): Generator<Inner> {
    for (const actor of this.listServices()) if (toKind(this.tree.getOriginal(actor)) === 'promise') yield actor;
  }

  /** Actors whose promise, callback or observable is to run now. */
  *listServices(): Generator<Inner> {
    for (const actor of this.tree.services.values()) if (actor._snapshot.status === 'active' && !this.tree.runs.isWaiting(actor.sessionId)) yield actor;
  }

  /** Something of it moves: it stays in memory. */
  get isMoving(): boolean {
    return this.open.size > 0 || (this.tree.services.size > 0 && !this.listServices().next().done);
  }

  get status(): ActorRecord['status'] {
    return this.tree.root._snapshot.status;
  }

  get dueAt(): number | undefined {
    if (this.status !== 'active') return undefined;
    const { timers, runs } = this.tree;
    const timer = timers.peek()?.dueAt;
    return runs.dueAt === undefined || (timer !== undefined && timer < runs.dueAt) ? timer : runs.dueAt;
  }

  /** Its rows; nothing is left to be stored then. An actor with actions still to do has not settled. */
  collect(now: number): HostedRows {
    const { machine, version, digest } = this.known;
    const settled = this.status !== 'active' && this.open.size === 0;
    const open = [...this.open.values()];
    const before = this.#stored;
    const { head, put, removed } = this.#parts.collect();
    const row: ActorRecord = {
      actorId: this.id, machineId: machine.id, machineVersion: version, machineDigest: digest,
      status: settled ? this.status : 'active',
      wakeAt: settled ? null : this.isMoving ? 0 : (this.dueAt ?? null),
      tree: open.length === 0 ? head : `${head.slice(0, -1)},"open":${JSON.stringify(open)}}`,
      seq: this.tree.transition, createdAt: this.createdAt, settledAt: settled ? Math.max(now, this.createdAt) : null,
    };
    const journal = this.#entries.length === 0 ? undefined : { actorId: this.id, seq: this.tree.transition, at: now, entries: JSON.stringify(this.#entries) };
    const isProgress = before !== undefined && before.status === row.status && before.wakeAt === row.wakeAt && before.machineDigest === digest;
    this.#stored = row;
    this.#entries = [];
    this.touched = false;
    return { row, isProgress, journal, put, removed };
  }
}
