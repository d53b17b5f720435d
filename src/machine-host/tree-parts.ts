import type { ActorTree } from './actor-tree.ts';
import type { Encoding } from './encode-value.ts';
import { freezeActor, freezeTimer } from './freeze-tree.ts';
import type { FrozenHead, FrozenTree } from './frozen-tree.ts';
import { assembleTree, toTimerPart } from './frozen-tree.ts';
import type { AnySnapshot, Inner, ProcessingStatus } from './xstate-internals.ts';

/** What an actor's text was made of; a snapshot is never changed, only replaced. */
interface Seen {
  snapshot: AnySnapshot;
  status: ProcessingStatus;
  round: number;
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
  #root = '';
  #counters = { transition: 0, sessions: 0 };
  readonly #put = new Set<string>();
  readonly #removed = new Set<string>();
  #round = 0;

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  /**
   * Takes over how the tree is now.
   *
   * @throws a `FlowError` when something cannot be stored; what it holds is then as before
   */
  take(tree: ActorTree, encoding: Encoding): void {
    const round = ++this.#round;
    const fresh = new Map<string, { readonly actor: Inner; readonly text: string }>();
    let there = 0;
    let live = 0;
    const visit = (actor: Inner): void => {
      const { sessionId: session, _snapshot: snapshot, _processingStatus: status } = actor;
      const seen = this.#seen.get(session);
      if (seen) {
        if (seen.round === round) return;
        seen.round = round;
        there++;
      }
      if (tree.live.get(session) === actor) live++;
      if (!seen || seen.snapshot !== snapshot || seen.status !== status) fresh.set(session, { actor, text: JSON.stringify(freezeActor(tree, actor, encoding)) });
      const { children } = snapshot;
      for (const key in children) {
        const child = children[key];
        if (child && !fresh.has(child.sessionId)) visit(child);
      }
    };
    visit(tree.root);
    // One whose place another took under its id lives on, though nobody lists it.
    if (live < tree.live.size) for (const actor of tree.live.values()) if (!fresh.has(actor.sessionId)) visit(actor);
    const changes = tree.timers.takeChanges();
    const timers: [string, string | undefined][] = [];
    for (const number of changes) {
      const timer = tree.timers.get(number);
      timers.push([toTimerPart(number), timer && JSON.stringify(freezeTimer(tree, timer, encoding))]);
    }
    // From here on nothing throws.
    if (there < this.#seen.size) this.#dropUnseen(round);
    for (const [session, { actor, text }] of fresh) {
      this.#seen.set(session, { snapshot: actor._snapshot, status: actor._processingStatus, round });
      this.#set(session, text);
    }
    for (const [part, text] of timers) if (text === undefined) this.#delete(part); else this.#set(part, text);
    this.#root = tree.root.sessionId;
    this.#counters = { transition: tree.transition, sessions: tree.sessions };
  }

  #dropUnseen(round: number): void {
    for (const [session, seen] of this.#seen) {
      if (seen.round === round) continue;
      this.#seen.delete(session);
      this.#delete(session);
    }
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

  /** Starts from a tree that was restored from its rows; nothing is to be written, unless it is not as they are. */
  adopt(tree: ActorTree, encoding: Encoding, isChanged: boolean): void {
    for (const number of tree.timers.listNumbers()) {
      const timer = tree.timers.get(number);
      if (timer) this.#set(toTimerPart(number), JSON.stringify(freezeTimer(tree, timer, encoding)));
    }
    tree.timers.takeChanges();
    this.take(tree, encoding);
    if (!isChanged) this.#put.clear();
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
    return `{"transition":${transition},"sessions":${sessions},"parts":${this.#texts.size - 1},"root":${this.#texts.get(this.#root)}}`;
  }

  /** The tree as it was taken last. */
  toFrozen(): FrozenTree {
    const parts = Array.from(this.#texts, ([part, body]) => ({ part, body })).filter(({ part }) => part !== this.#root);
    return assembleTree(JSON.parse(this.#toHead()) as FrozenHead, parts).frozen;
  }
}
