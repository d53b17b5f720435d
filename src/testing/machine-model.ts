import type { AnyActorLogic, AnyActorRef, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { createEmptyActor, getNextTransitions } from 'xstate';
import { isMachine, toKind } from '../kinds/actors/xstate-internals.ts';
import type { Microstep } from './machine-items.ts';

/** Why something happens to a machine: somebody sends it, its time has come, a promise or an actor below ends. */
export type MachineCause = 'event' | 'time' | 'done' | 'error';

/** Something that may happen to a machine, or to a child machine of it. */
export interface MachineOffer {
  readonly cause: MachineCause;
  /** Ids of the children down to the one it happens to, `/` between them; `''`: the machine itself. */
  readonly actor: string;
  readonly event: EventObject;
}

interface Timer {
  readonly id: string;
  readonly event: EventObject;
  /** ms from the beginning. */
  readonly due: number;
}

/** Where a machine stands on a path, with the machines below it. */
export interface MachineState {
  readonly machine: AnyStateMachine;
  readonly snapshot: AnyMachineSnapshot;
  readonly timers: readonly Timer[];
  readonly children: ReadonlyMap<string, MachineState>;
  /** ms from the beginning. */
  readonly now: number;
  /** How it came here from the state before, by actor. */
  readonly microsteps: readonly Microstep[];
  /** Actions of the author's own that were asked for on the way, by name, and what was emitted or sent to others. */
  readonly acts: readonly string[];
}

/** What services come to when a path lets them end: one way each at least. */
export interface ServiceOutcomes {
  readonly done?: readonly unknown[];
  readonly error?: readonly unknown[];
}

export interface MachineModelOptions {
  /** By the name of the service in the machine, or its id. Default: done without an output, and an error. */
  readonly outcomes?: { readonly [service: string]: ServiceOutcomes } | undefined;
  /** Events from outside to try. Default: those the states take, without a payload. */
  readonly events?: ((snapshot: AnyMachineSnapshot) => readonly EventObject[]) | undefined;
}

interface Action {
  readonly type: string;
  readonly params: unknown;
}

/** A mutable copy while something happens. */
interface Draft {
  readonly path: string;
  readonly machine: AnyStateMachine;
  snapshot: AnyMachineSnapshot;
  timers: Timer[];
  readonly children: Map<string, Draft>;
}

interface Letter {
  readonly to: Draft;
  readonly event: EventObject;
}

/** What comes of something that happens. */
interface Account {
  readonly microsteps: Microstep[];
  readonly acts: string[];
  readonly now: number;
}

const maxLetters = 1_000;
/** The id of a machine on a path. */
export const rootId = 'path';

/** A machine as XState itself steps it, without effects: what it asks for is what may happen next. */
export class MachineModel {
  readonly #machine: AnyStateMachine;
  readonly #options: MachineModelOptions;

  constructor(machine: AnyStateMachine, options: MachineModelOptions = {}) {
    this.#machine = machine;
    this.#options = options;
  }

  begin(input: unknown): MachineState {
    const microsteps: Microstep[] = [];
    const letters: Letter[] = [];
    const acts: string[] = [];
    const root = start('', this.#machine, input, letters, { microsteps, acts, now: 0 });
    deliver(root, letters, { microsteps, acts, now: 0 });
    return freeze(root, microsteps, acts, 0);
  }

  /** Pure: the state before is left as it is. */
  take(state: MachineState, { cause, actor, event }: MachineOffer): MachineState {
    const microsteps: Microstep[] = [];
    const acts: string[] = [];
    const root = thaw(state, '');
    const now = cause === 'time' ? nextDue(state) : state.now;
    const to = find(root, actor);
    if (!to) return state;
    if (cause === 'time') to.timers = to.timers.filter(timer => timer.event !== event);
    deliver(root, [{ to, event }], { microsteps, acts, now });
    return freeze(root, microsteps, acts, now);
  }

  /** What may happen next. Ends of services and delays are among it only where they can come about. */
  list(state: MachineState): MachineOffer[] {
    if (state.snapshot.status !== 'active') return [];
    const { events } = this.#options;
    const offers: MachineOffer[] = [];
    const due = nextDue(state);
    const visit = (at: MachineState, actor: string): void => {
      if (at.snapshot.status !== 'active') return;
      const types = new Set(getNextTransitions(at.snapshot).map(({ eventType }) => eventType).filter(type => type !== '' && !type.startsWith('xstate.') && !type.includes('*')));
      const external = events && actor === '' ? events(at.snapshot) : [...types].map(type => ({ type }));
      for (const event of external) offers.push({ cause: 'event', actor, event });
      for (const [id, ref] of Object.entries(at.snapshot.children)) {
        const child = at.children.get(id);
        if (child) visit(child, actor === '' ? id : `${actor}/${id}`);
        else offers.push(...this.#listEnds(id, ref as AnyActorRef | undefined, actor));
      }
      for (const { event, due: at1 } of at.timers) if (at1 === due) offers.push({ cause: 'time', actor, event });
    };
    visit(state, '');
    return offers;
  }

  #listEnds(id: string, ref: AnyActorRef | undefined, actor: string): MachineOffer[] {
    const { src, logic } = (ref ?? {}) as { src?: unknown; logic?: AnyActorLogic };
    const given = this.#options.outcomes?.[String(src)] ?? this.#options.outcomes?.[id];
    // Callbacks and observables end by themselves only where the author says so; a promise always does.
    const isPromise = logic !== undefined && toKind(logic) === 'promise';
    const { done = isPromise ? [undefined] : [], error = isPromise ? [new Error('The path says so')] : [] } = given ?? {};
    return [...done.map(output => ({ cause: 'done' as const, actor, event: toDone(id, output) })), ...error.map(reason => ({ cause: 'error' as const, actor, event: toError(id, reason) }))];
  }
}

function nextDue(state: MachineState): number {
  return Math.min(Number.POSITIVE_INFINITY, ...state.timers.map(({ due }) => due), ...[...state.children.values()].map(nextDue));
}

function thaw({ machine, snapshot, timers, children }: MachineState, path: string): Draft {
  return { path, machine, snapshot, timers: [...timers], children: new Map([...children].map(([id, child]) => [id, thaw(child, path === '' ? id : `${path}/${id}`)])) };
}

function freeze({ machine, snapshot, timers, children }: Draft, microsteps: readonly Microstep[], acts: readonly string[], now: number): MachineState {
  return { machine, snapshot, timers, children: new Map([...children].map(([id, child]) => [id, freeze(child, [], [], now)])), now, microsteps, acts };
}

function find(root: Draft, path: string): Draft | undefined {
  return path === '' ? root : path.split('/').reduce<Draft | undefined>((at, id) => at?.children.get(id), root);
}

function findParent(root: Draft, { path }: Draft): Draft | undefined {
  return path === '' ? undefined : find(root, path.split('/').slice(0, -1).join('/'));
}

/** Delivers letters and those they lead to, until all is quiet. */
function deliver(root: Draft, letters: Letter[], account: Account): void {
  for (let index = 0; index < letters.length && index < maxLetters; index++) {
    const { to, event } = letters[index] as Letter;
    // One that was stopped meanwhile hears nothing.
    if (find(root, to.path) !== to || to.snapshot.status !== 'active') continue;
    const before = to.snapshot;
    const { actions, outside, steps, next } = run(to.machine, to.path, scope => to.machine.transition(before as never, event as never, scope as never) as AnyMachineSnapshot);
    to.snapshot = next;
    account.microsteps.push(...toMicrosteps(to, before, steps));
    perform(root, to, actions, outside, letters, account);
  }
}

function start(path: string, machine: AnyStateMachine, input: unknown, letters: Letter[], account: Account, root?: Draft): Draft {
  const { actions, outside, steps, next } = run(machine, path, scope => machine.getInitialSnapshot(scope as never, input as never) as AnyMachineSnapshot);
  const draft: Draft = { path, machine, snapshot: next, timers: [], children: new Map() };
  account.microsteps.push(...toMicrosteps(draft, undefined, steps));
  perform(root ?? draft, draft, actions, outside, letters, account);
  return draft;
}

/** Whom a machine knows beside its children, by identity. */
interface Outside {
  readonly self: object;
  readonly parent: object;
}

interface InspectedStep {
  readonly event: EventObject;
  readonly snapshot: AnyMachineSnapshot;
  readonly _transitions: readonly unknown[];
}

/** Lets XState step a machine and keeps its effects back. */
function run(machine: AnyStateMachine, path: string, step: (scope: object) => AnyMachineSnapshot): { readonly actions: Action[]; readonly outside: Outside; readonly steps: InspectedStep[]; readonly next: AnyMachineSnapshot } {
  const actions: Action[] = [];
  const steps: InspectedStep[] = [];
  const self = createEmptyActor() as unknown as { id: string; system: { inspect(observer: (event: { type: string }) => void): unknown }; _parent: object };
  self.system.inspect(event => event.type === '@xstate.microstep' && steps.push(event as unknown as InspectedStep));
  const parent = { id: 'parent', sessionId: 'parent', send: () => {}, getSnapshot: () => ({}), system: self.system, ref: undefined };
  self._parent = parent;
  // As a durable actor has it that a path is followed with.
  self.id = path.split('/').at(-1) || rootId;
  const next = step({ self, defer: () => {}, id: machine.id, logger: () => {}, sessionId: 'path', stopChild: () => {}, system: self.system, emit: () => {}, actionExecutor: (action: Action) => actions.push(action) });
  return { actions, outside: { self, parent }, steps, next };
}

function toMicrosteps({ path, machine }: Draft, before: AnyMachineSnapshot | undefined, steps: readonly InspectedStep[]): Microstep[] {
  let at = before;
  return steps.map(({ event, snapshot, _transitions: transitions }) => {
    const microstep = { actor: path, machine, before: at, event, transitions, after: snapshot };
    at = snapshot;
    return microstep;
  });
}

/** What an action of XState asks for, as far as it concerns what may happen next. */
function perform(root: Draft, draft: Draft, actions: readonly Action[], outside: Outside, letters: Letter[], account: Account): void {
  const { now } = account;
  for (const { type, params } of actions) {
    const given = (params ?? {}) as { id?: string; event?: EventObject; delay?: number; to?: unknown; actorRef?: AnyActorRef & { logic?: unknown }; input?: unknown };
    if (type === 'xstate.cancel') draft.timers = draft.timers.filter(({ id }) => id !== (params as { sendId?: string }).sendId);
    else if (type === 'xstate.raise' && given.event && typeof given.delay === 'number') draft.timers.push({ id: given.id ?? '', event: given.event, due: now + given.delay });
    else if (type === 'xstate.sendTo' && given.event) send(root, draft, given as { event: EventObject; id?: string; delay?: number; to?: unknown }, outside, letters, account);
    else if (type === 'xstate.emit' && given.event) account.acts.push(`${nameActor(draft)}emits ${given.event.type}`);
    else if (type === 'xstate.spawnChild' && given.actorRef) {
      const { id } = given.actorRef;
      const { logic } = given.actorRef as { logic?: unknown };
      if (isMachine(logic)) draft.children.set(id, start(draft.path === '' ? id : `${draft.path}/${id}`, logic, given.input, letters, account, root));
    } else if (!type.startsWith('xstate.')) account.acts.push(`${nameActor(draft)}${type || 'an action'}`);
  }
  for (const id of draft.children.keys()) if (!(id in draft.snapshot.children)) draft.children.delete(id);
  if (draft.snapshot.status === 'active') return;
  draft.timers = [];
  const above = findParent(root, draft);
  const id = draft.path.split('/').at(-1) ?? '';
  if (!above || draft.path === '') return;
  const { status, output, error } = draft.snapshot;
  letters.push({ to: above, event: status === 'done' ? toDone(id, output) : toError(id, error) });
}

const nameActor = ({ path }: Draft): string => (path === '' ? '' : `${path}: `);

function send(root: Draft, draft: Draft, { event, id, delay, to }: { event: EventObject; id?: string; delay?: number; to?: unknown }, { self, parent }: Outside, letters: Letter[], { acts, now }: Account): void {
  const target = to === parent ? findParent(root, draft) : ([...draft.children].find(([key]) => draft.snapshot.children[key] === to)?.[1] ?? (to === self ? draft : undefined));
  // Nobody on the path: a parent of the machine, or an actor that it was given.
  if (!target) return void acts.push(`${nameActor(draft)}sends ${event.type}`);
  if (typeof delay === 'number') target.timers.push({ id: id ?? '', event, due: now + delay });
  else letters.push({ to: target, event });
}

const toDone = (id: string, output: unknown): EventObject => ({ type: `xstate.done.actor.${id}`, output, actorId: id }) as EventObject;
const toError = (id: string, error: unknown): EventObject => ({ type: `xstate.error.actor.${id}`, error, actorId: id }) as EventObject;
