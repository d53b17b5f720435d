import type { ActorRecord } from '../../../persistence/actor-store.ts';
import type { SignalRecord } from '../../../persistence/records.ts';
import { createFailure } from '../../core/failure.ts';
import type { StepFailure } from '../../core/failure.ts';
import { copyJson, encodeJson } from '../../core/json.ts';
import type { MachineCall, MachinePlace } from '../../kernel/actor-call.ts';
import { readStepActorId, stepActorPrefix, toStepActorId } from '../../kernel/actor-call.ts';
import type { Tick } from '../../engine/kind.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import type { ActorReads } from './actor-reads.ts';
import type { HostedActor } from './hosted-actor.ts';
import type { KnownMachine } from './machine-book.ts';
import { isOwnEvent } from './xstate-internals.ts';

/** What the participant lends to the actors of steps. */
export interface StepGround {
  readonly getMachine: (machineId: string) => KnownMachine | undefined;
  /** In memory, or read back; undefined: there is none. @throws when it cannot be gone on with here */
  readonly find: (actorId: string) => HostedActor | undefined;
  readonly spawn: (actorId: string, known: KnownMachine, input: unknown, now: number) => void;
  readonly deliver: (actor: HostedActor, event: { readonly type: string }, now: number) => void;
  readonly stop: (actor: HostedActor, now: number) => void;
  /** Something of it is to be stored. */
  readonly touch: (actor: HostedActor) => void;
  readonly reads: ActorReads;
  readonly flows: FlowInbox;
  readonly maxOutputBytes: number;
}

/** The flow that waits for an actor has not taken what it came to: kept as an effect that is still to be done. */
export const toldEffect = 'flowstone.settled';

/**
 * Actors that are steps of flows.
 *
 * An actor begins in the commit in which its step begins to wait. When it has come to its end its flow is told, in the same tick;
 * until the flow has taken that in, it counts as something that the actor still has to do, and is done again after a crash.
 */
export class StepActors {
  /** Ended though they cannot be read back here; to be stored. */
  readonly unread = new Map<string, ActorRecord>();
  readonly #ground: StepGround;
  /** What took something in the command that is being applied. */
  readonly #moved = new Set<HostedActor>();
  /** Refused in this tick, so that the store does not list them yet; by execution. */
  readonly #refused = new Map<string, SignalRecord[]>();

  constructor(ground: StepGround) {
    this.#ground = ground;
  }

  /** An actor has taken something. */
  note(actor: HostedActor): void {
    if (actor.id.startsWith(stepActorPrefix)) this.#moved.add(actor);
  }

  apply(call: MachineCall, tick: Tick): void {
    if (call.type === 'begin') this.#begin(call, tick);
    else if (call.type === 'end') this.#end(toStepActorId(call.place), tick.now);
    else this.#signal(call, tick);
  }

  /** Tells flows what has become of their actors. Called after each command. */
  settle(tick: Tick): void {
    for (const actor of this.#moved) {
      if (actor.status === 'active') this.#offerKept(actor, tick);
      else if (!actor.open.has(toldEffect)) {
        actor.open.set(toldEffect, { id: toldEffect, session: actor.tree.root.sessionId, type: toldEffect });
        this.tell(actor, tick);
      }
    }
    this.#moved.clear();
  }

  /** Tells the flow of an actor that has ended, if the flow has not taken it in. */
  tell(actor: HostedActor, tick: Tick): void {
    const place = readStepActorId(actor.id);
    if (place && actor.open.has(toldEffect)) this.#send(place, this.#toOutcome(actor), tick);
  }

  /** The tick is stored. */
  forget(): void {
    this.unread.clear();
    this.#refused.clear();
    this.#moved.clear();
  }

  #begin({ place, machineId, input }: Extract<MachineCall, { type: 'begin' }>, tick: Tick): void {
    const id = toStepActorId(place);
    try {
      const known = this.#ground.getMachine(machineId);
      if (!known) return this.#send(place, { failure: createFailure('machine_unknown', `Expected a machine with the id "${machineId}", this runtime has none`) }, tick);
      const there = this.#ground.find(id);
      if (!there) this.#ground.spawn(id, known, copyJson(input), tick.now);
      else if (there.status !== 'active') this.#send(place, this.#toOutcome(there), tick);
    } catch (error) {
      this.#send(place, { failure: toFailure(error, false) }, tick);
    }
  }

  #end(id: string, now: number): void {
    let actor: HostedActor | undefined;
    try {
      actor = this.#ground.find(id);
    } catch {
      // Its machine is not here, or is another: it does not take part in its own end.
      return this.#stopUnread(id, now);
    }
    if (!actor) return;
    if (actor.status === 'active') this.#ground.stop(actor, now);
    // The flow knows.
    this.#moved.delete(actor);
    if (!actor.open.delete(toldEffect)) return;
    actor.touched = true;
    this.#ground.touch(actor);
  }

  #stopUnread(id: string, now: number): void {
    const record = this.#ground.reads.get(id)?.record;
    if (record?.status === 'active') this.unread.set(id, { ...record, status: 'stopped', wakeAt: null, settledAt: Math.max(now, record.createdAt) });
  }

  #signal({ executionId, signal, offers }: Extract<MachineCall, { type: 'signal' }>, tick: Tick): void {
    let refused: 'now' | 'unavailable' = 'now';
    for (const { place, type } of offers) {
      let actor: HostedActor | undefined;
      try {
        actor = this.#ground.find(toStepActorId(place));
      } catch {
        refused = 'unavailable';
        continue;
      }
      if (!actor) this.#send(place, { failure: createFailure('machine_stopped', `Its actor ${toStepActorId(place)} is not in the store any more`) }, tick);
      else if (takes(actor, toEvent(type, signal))) return this.#ground.deliver(actor, toEvent(type, signal), tick.now);
    }
    this.#refused.set(executionId, [...(this.#refused.get(executionId) ?? []), signal]);
    tick.post(this.#ground.flows.toCommand(executionId, { to: 'signal', signal, refused }));
  }

  /** In the state that it is in now it may take what it did not take before. */
  #offerKept(actor: HostedActor, tick: Tick): void {
    const place = readStepActorId(actor.id);
    if (!place) return;
    const { executionId, stepId, item } = place;
    const own = [`${stepId}/`, `${stepId}[${item}]/`];
    const kept = [...this.#ground.reads.signalsOf(executionId), ...(this.#refused.get(executionId) ?? [])];
    const fits = kept.some(signal => {
      const prefix = own.find(start => signal.name.startsWith(start)) ?? '';
      return takes(actor, toEvent(signal.name.slice(prefix.length), signal));
    });
    if (fits) tick.post(this.#ground.flows.toCommand(executionId, { to: 'offer' }));
  }

  #toOutcome(actor: HostedActor): Outcome {
    const { status, output, error } = actor.tree.root._snapshot as { status: string; output?: unknown; error?: unknown };
    if (status === 'error') {
      const failure = toFailure(error, false);
      return { failure: failure.code === 'tool_threw' ? { ...failure, code: 'machine_threw' } : failure };
    }
    if (status === 'stopped') return { failure: createFailure('machine_stopped', `Its actor ${actor.id} was stopped`) };
    try {
      return { output: encodeJson(output, { maxBytes: this.#ground.maxOutputBytes, name: 'output' }) };
    } catch (refused) {
      return { failure: toFailure(refused, false) };
    }
  }

  #send(place: MachinePlace, { failure, output }: Outcome, tick: Tick): void {
    const event = { type: 'child.settled', ...(failure && { failure }) } as const;
    tick.post(this.#ground.flows.toCommand(place.executionId, { to: 'machine', place, event, ...(output !== undefined && { output }) }));
  }
}

interface Outcome {
  readonly failure?: StepFailure;
  /** JSON text. */
  readonly output?: string;
}

/** The event that a signal is for a machine: the payload's own members, or `payload`. */
function toEvent(type: string, { payload: json }: SignalRecord): { readonly type: string } {
  const payload: unknown = JSON.parse(json);
  if (payload === null) return { type };
  return typeof payload === 'object' && !Array.isArray(payload) ? Object.assign({ type }, payload, { type }) : ({ type, payload } as { type: string });
}

/** Whether a machine does something about an event now. XState's own are nobody else's to send. */
function takes({ tree, status }: HostedActor, event: { readonly type: string }): boolean {
  if (status !== 'active' || isOwnEvent(event)) return false;
  try {
    return (tree.root._snapshot as unknown as { can(event: { readonly type: string }): boolean }).can(event);
  } catch {
    // A guard that throws does so too when the event is taken, and the actor ends with that.
    return true;
  }
}
