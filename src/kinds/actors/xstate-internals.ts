import type { ActorScope, AnyActorLogic, AnyActorRef, AnyEventObject, AnyStateMachine, AnyStateNode, EventObject, Snapshot } from 'xstate';
import { createActor as createXStateActor } from 'xstate';

// All that is known here of XState's insides; test/machine-host/xstate-contract.test.ts says which release it was true of.

/** The releases that hosting is tested with: the first, and the one this package comes with. */
export const testedReleases = { oldest: '5.19.4', newest: '5.33.3' } as const;

/** XState's `ProcessingStatus`. */
export const notStarted = 0;
export const running = 1;
export const stopped = 2;
export type ProcessingStatus = 0 | 1 | 2;

export const stopEvent = 'xstate.stop';
export const promiseResolve = 'xstate.promise.resolve';
export const promiseReject = 'xstate.promise.reject';
const observableComplete = 'xstate.observable.complete';
export const isObservableEnd = ({ type }: EventObject): boolean => type === observableComplete || type === 'xstate.observable.error';
export const initEvent = { type: 'xstate.init', input: undefined };
/** The one of its own events that is for everybody to send. */
export const routeEvent = 'xstate.route';
/** Whether XState sends it itself. */
export const isOwnEvent = ({ type }: { readonly type: string }): boolean => type.startsWith('xstate.');
export const refMark = 'xstate$$type';

/** A snapshot of any logic, as an object. */
export type AnySnapshot = Snapshot<unknown> & { readonly context?: unknown; readonly input?: unknown; readonly value?: unknown; readonly children?: Record<string, Inner> };

/** The key by which XState's actors say that they can be observed, and RxJS asks. */
export const symbolObservable = ((Symbol as { readonly observable?: symbol }).observable ?? '@@observable');

/** The system that a reference from outside shows: nobody is in it. */
export const outsideSystem = { get: () => undefined, getAll: () => ({}), inspect: () => ({ unsubscribe: () => {} }), getSnapshot: () => ({ _scheduledEvents: {} }) } as unknown as AnyActorRef['system'];

/** An action as XState hands it to an actor's executor. */
export interface InnerAction {
  readonly type: string;
  readonly info: { readonly context: unknown; readonly event: AnyEventObject; readonly self: unknown; readonly system: unknown };
  readonly params: unknown;
  readonly exec: ((info: unknown, params: unknown) => unknown) | undefined;
}

/** An actor of XState with the parts that are not public. */
export interface Inner {
  readonly id: string;
  sessionId: string;
  src: unknown;
  readonly systemId: string | undefined;
  /** Its name before 5.22.1. */
  readonly _systemId?: string | undefined;
  readonly options: { readonly input?: unknown };
  readonly system: unknown;
  logic: AnyActorLogic;
  _parent: Inner | undefined;
  _processingStatus: ProcessingStatus;
  _snapshot: AnySnapshot;
  readonly _syncSnapshot: boolean | undefined;
  readonly mailbox: { start(): void };
  readonly _deferred: (() => void)[];
  readonly _actorScope: { -readonly [Key in keyof Pick<ActorScope<never, never>, 'emit' | 'logger' | 'system'>]: unknown } & { actionExecutor: (action: InnerAction) => void };
  _reportError: (error: unknown) => void;
  start(): void;
  subscribe(observer: { next(snapshot: AnySnapshot): void; error(): void }): unknown;
  getSnapshot(): AnySnapshot;
  _stop(): void;
  _send(event: EventObject): void;
  _error(error: unknown): void;
}

/** What XState tells those who inspect a system. */
export interface InnerInspection {
  readonly type: string;
  readonly actorRef: Inner;
  readonly sourceRef?: Inner | undefined;
  readonly event?: EventObject;
  readonly snapshot?: AnySnapshot;
  readonly action?: { readonly type: string; readonly params: unknown };
}

/** What XState's actors ask of the system they live in. */
export interface InnerSystem {
  readonly _snapshot: { readonly _scheduledEvents: object };
  readonly _clock: object;
  readonly _logger: (...args: unknown[]) => void;
  readonly scheduler: {
    schedule(source: Inner, target: Inner, event: EventObject, delay: number, id?: string): void;
    cancel(source: Inner, id: string): void;
    cancelAll(source: Inner): void;
  };
  _bookId(): string;
  _register(sessionId: string, actor: Inner): string;
  _unregister(actor: Inner): void;
  _set(systemId: string, actor: Inner): void;
  get(systemId: string): Inner | undefined;
  getAll(): Record<string, Inner>;
  inspect(): { unsubscribe(): void };
  _sendInspectionEvent(event: InnerInspection): void;
  _relay(source: Inner | undefined, target: Inner, event: EventObject): void;
  getSnapshot(): object;
  start(): void;
}

export interface CreateParams {
  readonly id: string;
  readonly parent: Inner | undefined;
  readonly system: InnerSystem;
  readonly input?: unknown;
  readonly snapshot?: unknown;
  readonly src?: unknown;
  readonly systemId?: string | undefined;
  readonly syncSnapshot?: boolean | undefined;
}

/** Makes an actor in a system of ours. The hook of the system makes a root of one that has no parent. */
export function createInner(logic: AnyActorLogic, { parent, system, ...options }: CreateParams): Inner {
  const actor = createXStateActor(logic, { ...options, parent: parent ?? { system } } as never) as unknown as { -readonly [Key in keyof Inner]: Inner[Key] };
  // A machine of an earlier release asks for it by this name.
  if (actor.systemId !== undefined) actor._systemId = actor.systemId;
  return actor;
}

/** Lets an actor show another snapshot as long as some work takes, without what the work waits for. */
export function showMeanwhile(actor: Inner, snapshot: AnySnapshot, work: () => unknown): unknown {
  const own = actor as { getSnapshot?: () => AnySnapshot };
  own.getSnapshot = () => snapshot;
  try {
    return work();
  } finally {
    // Its class's own again.
    delete own.getSnapshot;
  }
}

/** The actions that XState carries out itself; everything else is the machine's own. */
const builtIn = new Set(['xstate.raise', 'xstate.sendTo', 'xstate.cancel', 'xstate.spawnChild', 'xstate.stopChild', 'xstate.emit', 'xstate.log']);

export const isBuiltIn = (action: InnerAction): boolean => builtIn.has(action.type);

export const isMachine = (logic: unknown): logic is AnyStateMachine => typeof logic === 'object' && logic !== null && (logic as { __xstatenode?: unknown }).__xstatenode === true;

/** The id that XState gives to a machine that was made without one. */
const noId = '(machine)';
export const isUnnamed = (machineId: string): boolean => machineId === noId;

export const isActorRef = (value: object): value is Inner => 'sessionId' in value && 'send' in value && 'ref' in value;

/** What kind of logic it is. `live` ones act while they are in memory only. */
export type LogicKind = 'machine' | 'promise' | 'observable' | 'callback' | 'pure';
const kinds = new WeakMap<AnyActorLogic, LogicKind>();

export function toKind(logic: AnyActorLogic): LogicKind {
  let kind = kinds.get(logic);
  if (!kind) kinds.set(logic, (kind = findKind(logic)));
  return kind;
}

/** XState's creators leave no mark on what they make; how it takes their own events tells them apart. */
function findKind(logic: AnyActorLogic): LogicKind {
  if (isMachine(logic)) return 'machine';
  if (typeof logic.start !== 'function') return 'pure';
  const answers = (type: string): string => {
    try {
      const state = { status: 'active', output: undefined, error: undefined };
      return (logic.transition(state as never, { type } as never, { self: {} } as never) as { status: string }).status;
    } catch {
      return 'threw';
    }
  };
  if (answers(promiseResolve) === 'done') return 'promise';
  return answers(observableComplete) === 'done' ? 'observable' : 'callback';
}

/** State nodes by id. A machine that was spread (`{ ...machine, … }`) has them, too, and so is hosted as one. */
const toStateNodes = (machine: AnyActorLogic): ReadonlyMap<string, AnyStateNode> => (machine as unknown as { idMap: ReadonlyMap<string, AnyStateNode> }).idMap;

/** The class of a machine: the same for all of one copy of XState. */
export const toMachineClass = (machine: AnyStateMachine): (new (config: object) => AnyStateMachine) | undefined => (machine.root as AnyStateNode | undefined)?.machine?.constructor as never;

/** The logic that `src` names in a machine: one of its actors, or the one written into an `invoke`. */
export function resolveLogic(machine: AnyStateMachine, src: string): AnyActorLogic | undefined {
  const match = /^xstate\.invoke\.(\d+)\.(.*)/.exec(src);
  if (!match) return (machine.implementations.actors as Record<string, AnyActorLogic | undefined>)[src];
  const { invoke } = (toStateNodes(machine).get(match[2] as string)?.config ?? {}) as { invoke?: unknown };
  return ((Array.isArray(invoke) ? invoke[Number(match[1])] : invoke) as { src?: AnyActorLogic } | undefined)?.src;
}

/** The names that a machine has logic under: `setup({ actors })`, `provide`. */
export const toActorNames = ({ implementations }: AnyStateMachine): [string, AnyActorLogic][] => Object.entries(implementations.actors as Record<string, AnyActorLogic>);

/** The logic that a `spawnChild` has by value; undefined: it is another action, or has a name. */
export function readSpawnSource(action: unknown): AnyActorLogic | undefined {
  const { type, src } = (action ?? {}) as { readonly type?: unknown; readonly src?: unknown };
  return type === 'xstate.spawnChild' && typeof src === 'object' && src !== null ? (src as AnyActorLogic) : undefined;
}

/** Gives an actor a name that its system does not know it by. */
export const putSystemId = (actor: Inner, systemId: string): void => void Object.assign(actor, { systemId, _systemId: systemId });

/** The name under which the system knows an actor. */
export const toSystemId = (actor: Inner): string | undefined => actor.systemId ?? actor._systemId;

/** What `fromPromise` was given. */
export const toPromiseCreator = (logic: AnyActorLogic): ((call: object) => unknown) => (logic as unknown as { config: (call: object) => unknown }).config;

/** What a parent is told by a child with `syncSnapshot` or `onSnapshot`. */
export const toSnapshotEvent = (id: string, snapshot: AnySnapshot): EventObject => ({ type: `xstate.snapshot.${id}`, snapshot }) as EventObject;

type StateNodes = readonly { readonly id: string }[];

/** The state nodes that a machine is in and those it remembers, by their ids. Their order, which XState does not keep, decides between transitions. */
export function readNodes(actor: Inner): { readonly nodes: string[] | undefined; readonly historyValue: Record<string, readonly { readonly id: string }[]> } {
  // Up to 5.32 a machine whose first step throws has come into no state.
  const { historyValue: remembered = {}, _nodes } = actor._snapshot as unknown as { historyValue?: Record<string, StateNodes>; _nodes?: StateNodes };
  const historyValue: Record<string, { readonly id: string }[]> = {};
  for (const key of Object.keys(remembered)) historyValue[key] = (remembered[key] ?? []).map(({ id }) => ({ id }));
  return { nodes: _nodes?.map(({ id }) => id), historyValue };
}

/**
 * Puts the nodes of a restored machine into the order they were stored in, and its value back: XState completes what it restores, also
 * where a history has led it into less than a whole configuration.
 */
export function putNodes(actor: Inner, machine: AnyActorLogic, ids: readonly string[], value: unknown): void {
  const nodes = ids.map(id => toStateNodes(machine).get(id));
  if (!nodes.includes(undefined)) Object.assign(actor._snapshot, { _nodes: nodes, value });
}

/** Whether logic written into an `invoke` goes by it. */
export const isInlineSource = (src: string): boolean => src.startsWith('xstate.invoke.');

/** The names of logic written into the invokes of a machine, as its actors have them for their source. */
export function listInlineSources(machine: AnyStateMachine): string[] {
  const sources: string[] = [];
  const visit = ({ invoke, states }: { readonly invoke: readonly { readonly src: unknown }[]; readonly states: object }): void => {
    for (const { src } of invoke) if (typeof src === 'string' && isInlineSource(src)) sources.push(src);
    for (const state of Object.values(states)) visit(state as never);
  };
  visit(machine.root as never);
  return sources;
}

/** An event that XState itself makes, as people write it. */
export function describeEventName(event: string): string {
  const [, kind, of] = /^xstate\.(after|done\.actor|error\.actor|snapshot|done\.state)\.(.*)/.exec(event) ?? [];
  if (kind === undefined || of === undefined) return event;
  if (kind === 'after') return `after ${of.split('.')[0]}`;
  if (kind === 'done.state') return 'onDone';
  return `${kind === 'done.actor' ? 'onDone' : kind === 'snapshot' ? 'onSnapshot' : 'onError'} of ${of}`;
}
