import type { InspectionEvent } from 'xstate';
import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import type { SeenActor, ToldEvent } from './told-event.ts';
import { tellActor, tellEvent } from './told-event.ts';

/** Actors that are remembered for whoever connects later; of more, those go first that have ended, then the oldest. */
const maxActors = 5_000;

/** Tells of actors in the messages of XState's own inspectors. */
export interface XStateInspector {
  /** For `createRuntime({ inspect })`, and for `createActor(machine, { inspect })` of XState itself. */
  readonly inspect: (event: InspectionEvent) => void;
  /**
   * Tells of all actors that there are, then of what happens; returns what ends it.
   *
   * Without anybody who listens no message is made.
   */
  watch(told: (event: ToldEvent) => void): () => void;
}

interface Known {
  readonly actor: SeenActor;
  readonly rootId: string | undefined;
  hasEnded: boolean;
}

/**
 * Speaks the protocol of XState's inspectors for a runtime: `openInspector(runtime, { xstate })` serves it.
 *
 * Messages are made at once, so that an actor is told of as it was then.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createRuntime } from 'flowstone';
 * import { createXStateInspector, openInspector } from 'flowstone/inspector';
 *
 * const xstate = createXStateInspector();
 * const runtime = await createRuntime({ store: createMemoryStore(), inspect: xstate.inspect });
 * const inspector = await openInspector(runtime, { xstate });
 * console.log(inspector.xstateUrl); // for createWebSocketReceiver({ server }) and createWebSocketInspector({ url })
 * await inspector.close();
 * await runtime.stop();
 * ```
 */
export function createXStateInspector({ clock = systemClock }: { readonly clock?: Clock } = {}): XStateInspector {
  const actors = new Map<string, Known>();
  const watchers = new Set<(event: ToldEvent) => void>();
  return {
    inspect(event) {
      note(actors, event);
      if (watchers.size === 0) return;
      const told = tellEvent(event, clock.now());
      if (told) for (const watcher of watchers) watcher(told);
    },
    watch(told) {
      for (const { actor, rootId } of actors.values()) told(tellActor(actor, rootId, clock.now()));
      watchers.add(told);
      return () => void watchers.delete(told);
    },
  };
}

function note(actors: Map<string, Known>, event: InspectionEvent): void {
  const actor = event.actorRef as unknown as SeenActor;
  if (event.type === '@xstate.actor') {
    actors.delete(actor.sessionId);
    actors.set(actor.sessionId, { actor, rootId: event.rootId, hasEnded: false });
    if (actors.size > maxActors) forgetOne(actors);
  } else if (event.type === '@xstate.snapshot' && (event.snapshot as { readonly status?: string }).status !== 'active') {
    const known = actors.get(actor.sessionId);
    if (known) known.hasEnded = true;
  }
}

function forgetOne(actors: Map<string, Known>): void {
  const [oldest] = actors.keys();
  let gone = oldest;
  for (const [sessionId, { hasEnded }] of actors) {
    if (!hasEnded) continue;
    gone = sessionId;
    break;
  }
  if (gone !== undefined) actors.delete(gone);
}
