import type { InspectionEvent } from 'xstate';
import type { Logger } from '../../core/logger.ts';
import type { ActorTree } from './actor-tree.ts';
import { InspectedTreeActor } from './inspected-tree-actor.ts';
import type { TreeOutcome } from './tree-outcome.ts';
import { createOutcome } from './tree-outcome.ts';
import type { AnySnapshot, Inner, InnerInspection } from './xstate-internals.ts';
import { initEvent } from './xstate-internals.ts';

/** Tells XState's inspection events of hosted machines: what XState told while it decided, after the commit. */
export class TreeInspection {
  readonly #inspect: (event: InspectionEvent) => void;
  readonly #logger: Logger;
  readonly #shown = new WeakMap<Inner, InspectedTreeActor>();

  constructor(inspect: (event: InspectionEvent) => void, logger: Logger) {
    this.#inspect = inspect;
    this.#logger = logger;
  }

  publish({ tree, outcomes }: { readonly tree: ActorTree; readonly outcomes: readonly TreeOutcome[] }): void {
    for (const { told = [] } of outcomes) {
      const first = findFirstSnapshots(told);
      for (const event of told) this.#publishOne(tree, event, first);
    }
  }

  #publishOne(tree: ActorTree, { actorRef: inner, sourceRef, ...event }: InnerInspection, first: ReadonlyMap<Inner, AnySnapshot>): void {
    const actorRef = this.#toShown(tree, inner);
    const shown = event.type === '@xstate.actor' ? first.get(inner) : event.type === '@xstate.snapshot' ? event.snapshot : undefined;
    if (shown) actorRef.show(shown);
    const source = event.type === '@xstate.event' ? { sourceRef: sourceRef && this.#toShown(tree, sourceRef) } : {};
    // Whoever watches cannot stop the actors.
    try {
      this.#inspect({ ...event, ...source, rootId: actorRef.rootId, actorRef } as InspectionEvent);
    } catch (error) {
      this.#logger.error({ err: error, type: event.type }, 'the `inspect` function threw');
    }
  }

  #toShown(tree: ActorTree, inner: Inner): InspectedTreeActor {
    let shown = this.#shown.get(inner);
    if (!shown) this.#shown.set(inner, (shown = new InspectedTreeActor(inner, tree.getOriginal(inner) ?? inner.logic, inner._parent && this.#toShown(tree, inner._parent))));
    return shown;
  }
}

/** An actor is told of before it has its first snapshot. */
function findFirstSnapshots(told: readonly InnerInspection[]): ReadonlyMap<Inner, AnySnapshot> {
  const first = new Map<Inner, AnySnapshot>();
  for (const { actorRef, snapshot } of told) if (snapshot && !first.has(actorRef)) first.set(actorRef, snapshot);
  return first;
}

/** What is told of a tree that was read back: all its actors, from above, where they stand; as XState tells of a restored one. */
export function announceTree(tree: ActorTree): TreeOutcome {
  const told: InnerInspection[] = [];
  const seen = new Set<Inner>();
  const visit = (actorRef: Inner): void => {
    if (seen.has(actorRef)) return;
    seen.add(actorRef);
    const event = initEvent;
    const snapshot = actorRef._snapshot;
    told.push({ type: '@xstate.actor', actorRef }, { type: '@xstate.event', sourceRef: actorRef._parent, actorRef, event }, { type: '@xstate.snapshot', actorRef, event, snapshot });
    for (const child of Object.values(snapshot.children ?? {})) if (child) visit(child);
  };
  visit(tree.root);
  for (const actor of tree.live.values()) visit(actor);
  return createOutcome(told);
}
