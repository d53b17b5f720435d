import type * as XState from 'xstate';
import type { AnyActorLogic } from 'xstate';
import type { Inner, InnerAction, InnerSystem } from '../../src/kinds/actors/xstate-internals.ts';

export type Copy = typeof XState;

/** A call of the system that actors live in. */
export type Call = readonly [name: string, ...args: unknown[]];

/** The smallest system that actors of a copy of XState can live in; it notes what they ask of it. */
export function createRecordingSystem() {
  const calls: Call[] = [];
  const live = new Map<string, Inner>();
  const announced: Inner[] = [];
  const actions: InnerAction[] = [];
  const errors: [Inner, unknown][] = [];
  let last = 0;
  const system: InnerSystem = {
    _snapshot: { _scheduledEvents: {} },
    _clock: {},
    _logger: () => {},
    _bookId: () => `x:${++last}`,
    _register: (session, actor) => {
      live.set(session, actor);
      return session;
    },
    _unregister: actor => void live.delete(actor.sessionId),
    _set: (systemId, actor) => void calls.push(['set', systemId, actor]),
    get: () => undefined,
    getAll: () => ({}),
    inspect: () => ({ unsubscribe: () => {} }),
    _sendInspectionEvent: ({ type, actorRef }) => {
      calls.push([type, actorRef]);
      if (type !== '@xstate.actor') return;
      announced.push(actorRef);
      if (!(actorRef._parent as { _snapshot?: unknown } | undefined)?._snapshot && announced.length === 1) actorRef._parent = undefined;
      const carryOut = actorRef._actorScope.actionExecutor;
      actorRef._actorScope.actionExecutor = action => {
        actions.push(action);
        carryOut(action);
      };
      actorRef._reportError = error => void errors.push([actorRef, error]);
    },
    _relay: (source, target, event) => {
      calls.push(['relay', source, target, event]);
      target._send(event);
    },
    scheduler: {
      schedule: (...args) => void calls.push(['schedule', ...args]),
      cancel: (...args) => void calls.push(['cancel', ...args]),
      cancelAll: (...args) => void calls.push(['cancelAll', ...args]),
    },
    getSnapshot: () => ({ _scheduledEvents: {} }),
    start: () => {},
  };
  const create = ({ createActor }: Copy, logic: AnyActorLogic, options: object = {}): Inner => createActor(logic, { id: 'root', ...options, parent: { system } } as never) as unknown as Inner;
  return { system, calls, live, announced, actions, errors, create, of: (name: string) => calls.filter(([called]) => called === name) };
}
