import type { ActorTree } from './actor-tree.ts';
import type { Encoding } from './encode-value.ts';
import { freezeActor, freezeTimer, listChildren } from './freeze-tree.ts';
import type { FrozenHead, FrozenTree } from './frozen-tree.ts';
import { assembleTree, toTimerPart, toValuePart } from './frozen-tree.ts';
import type { ContextParts } from './large-values.ts';
import { noParts } from './large-values.ts';
import type { PromiseOptionsByName, PromiseRun } from './promise-runs.ts';
import type { AnySnapshot, Inner, ProcessingStatus } from './xstate-internals.ts';

/** What an actor's text was made of; a snapshot is never changed, only replaced. */
interface Seen {
  readonly actor: Inner;
  readonly snapshot: AnySnapshot;
  readonly status: ProcessingStatus;
  readonly children: readonly string[] | undefined;
  readonly run: PromiseRun | undefined;
}

/** Whether an actor is to be stored: it is the root, or below one that is, and lives or is listed. What XState leaves alive below one that is no more reaches nobody. */
function isKept(tree: ActorTree, actor: Inner): boolean {
  const { _parent: parent, id, sessionId } = actor;
  if (!parent) return actor === tree.root;
  return (tree.live.get(sessionId) === actor || parent._snapshot.children?.[id] === actor) && isKept(tree, parent);
}

/** The rows of a tree. */
export interface TreeRows {
  /** A `FrozenHead` as JSON text, for the root's row. */
  readonly head: string;
  readonly put: readonly { readonly part: string; readonly body: string }[];
  readonly removed: readonly string[];
}

/**
 * A tree as texts: one for each of its actors and delayed events, made anew only for what has changed.
 *
 * So an event costs what it touches, however many children and delayed events there are beside.
 */
export class TreeParts {
  /** By part: a session, or the name of a delayed event. */
  readonly #texts = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();
  /** By session. */
  readonly #contexts = new Map<string, ContextParts>();
  #root = '';
  #counters = { transition: 0, sessions: 0 };
  #promises: PromiseOptionsByName | undefined;
  #held: Readonly<Record<string, string>> | undefined;
  readonly #put = new Set<string>();
  readonly #removed = new Set<string>();

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  /**
   * Takes over how the tree is now.
   *
   * @throws a `FlowError` when something cannot be stored; what it holds is then as before
   */
  take(tree: ActorTree, encoding: Encoding): void {
    const fresh: { readonly seen: Seen; readonly text: string; readonly parts: ContextParts }[] = [];
    const gone: Inner[] = [];
    for (const actor of tree.takeChanged()) {
      const { sessionId, _snapshot: snapshot, _processingStatus: status } = actor;
      const before = this.#seen.get(sessionId);
      if (!isKept(tree, actor)) gone.push(actor);
      else if (!before || before.snapshot !== snapshot || before.status !== status || before.run !== tree.runs.get(sessionId)) {
        const isSame = before !== undefined && before.snapshot.children === snapshot.children;
        const children = isSame ? before.children : listChildren(actor);
        const frozen = freezeActor(tree, actor, children, encoding, this.#contexts.get(sessionId) ?? noParts);
        fresh.push({ seen: { actor, snapshot, status, children, run: tree.runs.get(sessionId) }, ...frozen });
        if (before && !isSame) this.#findDropped(tree, before.children, new Set(children), gone);
      }
    }
    const timers: [string, string | undefined][] = [];
    for (const number of tree.timers.takeChanges()) {
      const timer = tree.timers.get(number);
      timers.push([toTimerPart(number), timer && JSON.stringify(freezeTimer(tree, timer, encoding))]);
    }
    // From here on nothing throws.
    for (const actor of gone) this.#forget(tree, actor.sessionId);
    for (const { seen, text, parts } of fresh) {
      this.#seen.set(seen.actor.sessionId, seen);
      this.#set(seen.actor.sessionId, text);
      this.#setValues(seen.actor.sessionId, parts);
    }
    for (const [part, text] of timers) if (text === undefined) this.#delete(part); else this.#set(part, text);
    this.#root = tree.root.sessionId;
    this.#counters = { transition: tree.transition, sessions: tree.sessions };
    this.#promises = tree.promises;
    this.#held = tree.listHeld(actor => isKept(tree, actor));
  }

  /** The large values of a context: only those that have changed are written. */
  #setValues(session: string, parts: ContextParts): void {
    const before = this.#contexts.get(session) ?? noParts;
    if (before === parts) return;
    this.#contexts.set(session, parts);
    for (const key of before.values.keys()) if (!parts.values.has(key)) this.#delete(toValuePart(session, key));
    for (const [key, { body }] of parts.values) if (this.#texts.get(toValuePart(session, key)) !== body) this.#set(toValuePart(session, key), body);
  }

  /** An actor that has ended stays as long as it is listed: that it no longer is, only its parent has noticed. */
  #findDropped(tree: ActorTree, before: readonly string[] = [], now: ReadonlySet<string>, gone: Inner[]): void {
    for (const session of before) {
      const child = now.has(session) ? undefined : this.#seen.get(session)?.actor;
      if (child && !isKept(tree, child)) gone.push(child);
    }
  }

  /** With it go those below it. */
  #forget(tree: ActorTree, session: string): void {
    const seen = this.#seen.get(session);
    if (!seen) return;
    this.#seen.delete(session);
    this.#delete(session);
    this.#setValues(session, noParts);
    this.#contexts.delete(session);
    for (const child of seen.children ?? []) this.#forget(tree, child);
    // What it no longer listed, another having taken its place.
    if (seen.children) for (const [other, { actor }] of this.#seen) if (actor._parent === seen.actor) this.#forget(tree, other);
  }

  #set(part: string, text: string): void {
    this.#texts.set(part, text);
    this.#put.add(part);
    this.#removed.delete(part);
  }

  #delete(part: string): void {
    if (!this.#texts.delete(part)) return;
    this.#put.delete(part);
    this.#removed.add(part);
  }

  /**
   * Starts from a tree that was restored from its rows.
   *
   * @param isChanged it is not as its rows are; otherwise nothing is to be written but what has no row yet
   * @param stored the names of its rows
   */
  adopt(tree: ActorTree, encoding: Encoding, isChanged: boolean, stored: ReadonlySet<string>): void {
    for (const number of tree.timers.listNumbers()) {
      const timer = tree.timers.get(number);
      if (timer) this.#set(toTimerPart(number), JSON.stringify(freezeTimer(tree, timer, encoding)));
    }
    tree.timers.takeChanges();
    this.take(tree, encoding);
    if (!isChanged) for (const part of stored) this.#put.delete(part);
    for (const part of stored) if (!this.#texts.has(part)) this.#removed.add(part);
  }

  /** Goes on with another tree that was restored from what it holds. */
  rebind(tree: ActorTree): void {
    this.#seen.clear();
    for (const actor of tree.takeChanged()) {
      const { sessionId, _snapshot: snapshot, _processingStatus: status } = actor;
      if (isKept(tree, actor)) this.#seen.set(sessionId, { actor, snapshot, status, children: listChildren(actor), run: tree.runs.get(sessionId) });
    }
    tree.timers.takeChanges();
  }

  /** What is to be written since this was asked last. */
  collect(): TreeRows {
    const put: { part: string; body: string }[] = [];
    for (const part of this.#put) if (part !== this.#root) put.push({ part, body: this.#texts.get(part) as string });
    const removed = this.#removed.size > 0 ? [...this.#removed] : [];
    this.#put.clear();
    this.#removed.clear();
    return { head: this.#toHead(), put, removed };
  }

  #toHead(): string {
    const { transition, sessions } = this.#counters;
    const promises = this.#promises ? `"promises":${JSON.stringify(this.#promises)},` : '';
    const held = this.#held ? `"held":${JSON.stringify(this.#held)},` : '';
    return `{"transition":${transition},"sessions":${sessions},"parts":${this.#texts.size - 1},${promises}${held}"root":${this.#texts.get(this.#root)}}`;
  }

  /** The tree as it was taken last. */
  toFrozen(): FrozenTree {
    const parts = Array.from(this.#texts, ([part, body]) => ({ part, body })).filter(({ part }) => part !== this.#root);
    return assembleTree('', JSON.parse(this.#toHead()) as FrozenHead, parts).frozen;
  }
}
