import type { AnyActorLogic, EventObject } from 'xstate';
import type { AnySnapshot, Inner } from './xstate-internals.ts';
import { isMachine, promiseReject, promiseResolve, stopEvent, toKind } from './xstate-internals.ts';

/** What happens to an actor's logic, told to the tree it belongs to. */
export interface LogicWatcher {
  /** Whether XState is to restore it whole, from its own form. */
  isResumed(): boolean;
  /** It takes an event. */
  taking(actor: Inner, event: EventObject): void;
  /** Something of it acts outside: begin it, tell it, end it, after the commit. */
  acting(actor: Inner, what: 'start' | 'receive' | 'stop', event?: EventObject): void;
}

type Scope = { readonly self: Inner };

/** Logic that decides as the original does, and acts on nothing: what it would do is told to the watcher. */
export function hostLogic(original: AnyActorLogic, watcher: LogicWatcher): AnyActorLogic {
  const kind = toKind(original);
  const hosted = Object.create(original) as Record<string, unknown>;
  const decide = original.transition as unknown as (snapshot: AnySnapshot, event: EventObject, scope: Scope) => AnySnapshot;
  hosted['transition'] = (snapshot: AnySnapshot, event: EventObject, scope: Scope): AnySnapshot => {
    watcher.taking(scope.self, event);
    if (kind === 'machine' || kind === 'pure') return decide(snapshot, event, scope);
    if (snapshot.status !== 'active') return snapshot;
    if (event.type === stopEvent) {
      watcher.acting(scope.self, 'stop');
      return { ...snapshot, status: 'stopped', error: undefined, ...(kind === 'callback' ? {} : { input: undefined }) } as AnySnapshot;
    }
    if (kind === 'callback') {
      watcher.acting(scope.self, 'receive', event);
      return snapshot;
    }
    // What was rejected after it had been aborted is no news.
    if (kind === 'promise' && event.type !== promiseResolve && event.type !== promiseReject) return snapshot;
    return decide(snapshot, event, scope);
  };
  if (isMachine(original)) {
    // Children are restored one by one, with their sessions, by the tree.
    hosted['restoreSnapshot'] = (snapshot: object, scope: never): unknown => original.restoreSnapshot((watcher.isResumed() ? snapshot : { ...snapshot, children: {}, context: {} }) as never, scope);
  } else if (kind !== 'pure') {
    hosted['start'] = (snapshot: AnySnapshot, scope: Scope): void => {
      if (snapshot.status === 'active') watcher.acting(scope.self, 'start');
    };
  }
  return hosted as unknown as AnyActorLogic;
}
