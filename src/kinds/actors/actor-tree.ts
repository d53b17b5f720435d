import type { AnyActorLogic, AnyEventObject, EventObject } from 'xstate';
import type { ActorSources } from './actor-sources.ts';
import { toActionPlace } from './find-action.ts';
import { hostLogic } from './hosted-logic.ts';
import { noteTree } from './idempotency-key.ts';
import { sessionPrefix } from './incarnation.ts';
import type { PromiseOptionsByName } from './promise-runs.ts';
import { PromiseRuns } from './promise-runs.ts';
import type { TreeEffect, TreeOutcome } from './tree-outcome.ts';
import { createOutcome } from './tree-outcome.ts';
import { toDueAt, TreeTimers } from './tree-timers.ts';
import type { AnySnapshot, CreateParams, Inner, InnerAction, InnerInspection, InnerSystem } from './xstate-internals.ts';
import { createInner, isBuiltIn, isMachine, notStarted, promiseReject, promiseResolve, running, stopped, toKind } from './xstate-internals.ts';

type Bare<Effect> = Effect extends unknown ? Omit<Effect, 'id' | 'actor'> : never;

/** What reaches a tree from outside a step: from an action, a promise, a callback, a caller. */
export type Outside = (target: Inner, event: EventObject, source?: Inner) => void;

/**
 * One actor of XState with all actors below it, which decides and does nothing.
 *
 * The actors are XState's own, in a system that is ours: what they deliver to each other is delivered as XState does,
 * depth first; what they would do outside is gathered as effects. Time is an argument.
 */
export class ActorTree {
  readonly rootId: string;
  readonly timers = new TreeTimers();
  readonly runs = new PromiseRuns(session => {
    const actor = this.live.get(session);
    if (actor) this.#changed.add(actor);
  });
  /** Given with the actor; the machine's own hold for the others. */
  promises: PromiseOptionsByName | undefined;
  /** Every actor that has begun and not ended, by session. */
  readonly live = new Map<string, Inner>();
  /** Those of them that act outside: promises, callbacks, observables. */
  readonly services = new Map<string, Inner>();
  readonly system: InnerSystem;
  /** The number of the last transition. */
  transition = 0;
  /** What its sessions begin with: no other actor under its id, earlier or later, has the same. */
  incarnation = '';
  /** The number of the last session. */
  sessions = 0;
  /** Whether somebody inspects: then each outcome has what XState told. */
  isInspected = false;
  /** The session that the next actor gets in place of a new one. */
  givenSession: string | undefined;
  readonly #keyed = new Map<string, Inner>();
  readonly #holders = new WeakSet<Inner>();
  readonly #logics = new Map<AnyActorLogic, AnyActorLogic>();
  readonly #originals = new WeakMap<Inner, AnyActorLogic>();
  readonly #current = new WeakMap<Inner, { transition: number; effects: number }>();
  readonly #outside: Outside;
  readonly #toName: ActorSources['toName'];
  /** What promises and callbacks emit while no event is taken. */
  emitted: ((actor: Inner, event: AnyEventObject) => void) | undefined;
  #outcome: TreeOutcome | undefined;
  #changed = new Set<Inner>();
  /** What was told of the root before it began. */
  #early: InnerInspection[] | undefined;
  #now = 0;
  /** What is made now, XState restores with all below it, from its own form. */
  #isResumed = false;
  #root: Inner | undefined;

  /** @param toName the name of logic that a machine has a child of by value; see `ActorSources` */
  constructor(rootId: string, outside: Outside, toName: ActorSources['toName'] = () => undefined) {
    this.rootId = rootId;
    this.#outside = outside;
    this.#toName = toName;
    this.system = this.#createSystem();
    noteTree(this.system, this);
  }

  /** Makes the root of a new tree; `begin` starts it. With a snapshot that XState persisted, as XState restores it. */
  create(logic: AnyActorLogic, start: Pick<CreateParams, 'input' | 'systemId' | 'snapshot'> = {}): void {
    if (this.isInspected) this.#early = [];
    this.#isResumed = start.snapshot !== undefined;
    this.#root = createInner(logic, { id: this.rootId, parent: undefined, system: this.system, ...start });
    this.#isResumed = false;
  }

  get root(): Inner {
    if (!this.#root) throw new TypeError('Expected a tree with a root');
    return this.#root;
  }

  set root(actor: Inner) {
    this.#root = actor;
  }

  begin(now: number): TreeOutcome {
    return this.#step(now, () => this.root.start());
  }

  /** Lets an actor take an event, and everything that follows from it. An actor that has ended takes nothing. */
  deliver(target: Inner, event: EventObject, now: number, source?: Inner): TreeOutcome {
    return this.#step(now, () => {
      // What its own promise came to is the actor's own.
      if (this.isInspected) this.#tell({ type: '@xstate.event', sourceRef: event.type === promiseResolve || event.type === promiseReject ? target : source, actorRef: target, event });
      target._send(event);
    });
  }

  /** Delivers the first delayed event that is due; undefined: none is, or only such that were set after the given one. */
  fire(now: number, last: number): TreeOutcome | undefined {
    const timer = this.timers.peek();
    if (!timer || timer.dueAt > now || timer.number > last) return undefined;
    this.timers.take(timer);
    return this.#step(now, () => this.#relay(timer.source, timer.target, timer.event));
  }

  stop(now: number): TreeOutcome {
    return this.#step(now, () => this.root._stop());
  }

  /** An actor ends with an error, as one whose transition threw. */
  fail(actor: Inner, error: unknown, now: number): TreeOutcome {
    return this.#step(now, () => {
      if (actor._processingStatus !== running) return;
      this.#note(actor, { type: 'xstate.error' });
      for (const child of Object.values(actor._snapshot.children ?? {})) child._stop();
      actor._snapshot = { ...actor._snapshot, status: 'error', error } as AnySnapshot;
      actor._error(error);
      if (this.isInspected) this.#tell({ type: '@xstate.snapshot', actorRef: actor, event: { type: 'xstate.error' }, snapshot: actor._snapshot });
    });
  }

  getOriginal(actor: Inner): AnyActorLogic {
    return this.#originals.get(actor) as AnyActorLogic;
  }

  /** Actors that are new, have taken an event or have ended since this was asked last. */
  takeChanged(): ReadonlySet<Inner> {
    const changed = this.#changed;
    if (changed.size > 0) this.#changed = new Set();
    return changed;
  }

  toAddress(actor: Inner): string {
    return actor._parent ? `${this.toAddress(actor._parent)}/${actor.id}` : this.rootId;
  }

  #step(now: number, work: () => void): TreeOutcome {
    const outcome = this.isInspected ? createOutcome(this.#early ?? []) : createOutcome();
    this.#early = undefined;
    this.#now = now;
    this.#outcome = outcome;
    try {
      work();
    } finally {
      this.#outcome = undefined;
    }
    return outcome;
  }

  #note(actor: Inner, event: EventObject): void {
    this.#changed.add(actor);
    this.#current.set(actor, { transition: ++this.transition, effects: 0 });
    this.#outcome?.entries.push({ transition: this.transition, address: this.toAddress(actor), event });
  }

  #add(actor: Inner, effect: Bare<TreeEffect>): void {
    let current = this.#current.get(actor);
    if (!current) this.#current.set(actor, (current = { transition: ++this.transition, effects: 0 }));
    this.#outcome?.effects.push({ ...effect, actor, id: `${current.transition}:${current.effects++}` } as TreeEffect);
  }

  #tell(event: InnerInspection): void {
    (this.#outcome?.told ?? this.#early)?.push(event);
  }

  #relay(source: Inner | undefined, target: Inner, event: EventObject): void {
    if (!this.#originals.has(target)) return this.#add(this.root, { kind: 'send', to: target, event });
    // From outside, as an action or a promise does: it waits for its turn, and for its commit.
    if (!this.#outcome) return this.#outside(target, event, source);
    if (this.isInspected) this.#tell({ type: '@xstate.event', sourceRef: source, actorRef: target, event });
    target._send(event);
  }

  #host(logic: AnyActorLogic): AnyActorLogic {
    let hosted = this.#logics.get(logic);
    if (!hosted) {
      hosted = hostLogic(logic, { isResumed: () => this.#isResumed, taking: (actor, event) => this.#note(actor, event), acting: (actor, what, event) => this.#add(actor, { kind: what, ...(event && { event }) } as Bare<TreeEffect>) });
      this.#logics.set(logic, hosted);
    }
    return hosted;
  }

  /** Called from within an actor's constructor, before its first snapshot. */
  #adopt(actor: Inner): void {
    // The root was given the system in place of a parent.
    if (!(actor._parent as { _snapshot?: unknown } | undefined)?._snapshot && !this.#originals.has(actor._parent as Inner)) actor._parent = undefined;
    const original = actor.logic;
    this.#changed.add(actor);
    this.#originals.set(actor, original);
    actor.logic = this.#host(original);
    const name = actor._parent && typeof actor.src !== 'string' ? this.#toName(this.getOriginal(actor._parent), original) : undefined;
    if (name !== undefined) actor.src = name;
    const scope = actor._actorScope;
    scope.emit = (event: AnyEventObject) => (this.#outcome ? this.#add(actor, { kind: 'emit', event }) : this.emitted?.(actor, event));
    scope.logger = (...values: unknown[]) => this.#add(actor, { kind: 'log', values });
    scope.actionExecutor = action => this.#execute(actor, original, action);
    actor._reportError = error => this.#outcome?.notices.push({ actor, snapshot: actor._snapshot, error });
  }

  #execute(actor: Inner, original: AnyActorLogic, action: InnerAction): void {
    const { type, info, params, exec } = action;
    if (!exec && !this.isInspected) return;
    const work = (): void => {
      if (this.isInspected) this.#tell({ type: '@xstate.action', actorRef: actor, action: { type, params } });
      if (!exec) return;
      if (isBuiltIn(action)) exec(info, params);
      else this.#add(actor, { kind: 'action', type, params, event: info.event, context: info.context, seen: actor._snapshot, exec, place: isMachine(original) ? toActionPlace(original, exec) : undefined });
    };
    if (actor._processingStatus === running) work();
    else actor._deferred.push(work);
  }

  #createSystem(): InnerSystem {
    const systemIds = new WeakMap<Inner, string>();
    const system: InnerSystem = {
      _snapshot: { _scheduledEvents: {} },
      _clock: {},
      _logger: () => {},
      _bookId: () => this.givenSession ?? `${sessionPrefix}${this.incarnation}${++this.sessions}`,
      _register: (session, actor) => {
        this.live.set(session, actor);
        const kind = toKind(this.getOriginal(actor));
        if (kind !== 'machine' && kind !== 'pure') this.services.set(session, actor);
        return session;
      },
      _unregister: actor => {
        this.#changed.add(actor);
        this.live.delete(actor.sessionId);
        this.services.delete(actor.sessionId);
        this.runs.delete(actor.sessionId);
        const systemId = systemIds.get(actor);
        if (systemId !== undefined) this.#keyed.delete(systemId);
        systemIds.delete(actor);
      },
      _set: (systemId, actor) => {
        const existing = this.#keyed.get(systemId);
        if (existing && existing !== actor) throw new Error(`Actor with system ID '${systemId}' already exists.`);
        this.#keyed.set(systemId, actor);
        systemIds.set(actor, systemId);
      },
      get: systemId => this.#keyed.get(systemId),
      getAll: () => Object.fromEntries(this.#keyed),
      inspect: () => ({ unsubscribe: () => {} }),
      _sendInspectionEvent: event => {
        const { type, actorRef, snapshot } = event;
        if (type === '@xstate.actor') this.#adopt(actorRef);
        else if (type === '@xstate.snapshot' && snapshot && actorRef._snapshot.status !== 'error') this.#outcome?.notices.push({ actor: actorRef, snapshot: actorRef._snapshot });
        this.#tell(event);
      },
      _relay: (source, target, event) => this.#relay(source, target, event),
      scheduler: {
        schedule: (source, target, event, delay, id) => this.timers.schedule(source, target, event, toDueAt(this.#now, delay), id),
        cancel: (source, id) => this.timers.cancel(source, id),
        cancelAll: source => this.timers.cancelAll(source),
      },
      getSnapshot: () => ({ _scheduledEvents: {} }),
      start: () => {},
    };
    return system;
  }

  /** Names that are held by actors that never began, since the transition that made them threw: XState keeps them. Their ids, by name. */
  listHeld(isKept: (actor: Inner) => boolean): Record<string, string> | undefined {
    let held: Record<string, string> | undefined;
    for (const [systemId, actor] of this.#keyed) if (this.#holders.has(actor) || (actor._processingStatus === notStarted && !isKept(actor))) (held ??= {})[systemId] = actor.id;
    return held;
  }

  /** A name is held by an actor that never began. */
  hold(systemId: string, actor: Inner): void {
    this.#holders.add(actor);
    this.system._set(systemId, actor);
  }

  /** Whether an actor belongs to this tree and can still take events. */
  isLive(actor: Inner): boolean {
    return actor._processingStatus !== stopped && this.live.get(actor.sessionId) === actor;
  }
}
