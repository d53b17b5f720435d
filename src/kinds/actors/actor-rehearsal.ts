import type { Rehearsal } from '../../engine/holding.ts';
import type { Envelope, Tick } from '../../engine/kind.ts';
import type { ActorCommand } from './actor-commands.ts';
import type { ActorReads } from './actor-reads.ts';
import type { HostedActor } from './hosted-actor.ts';
import type { KnownMachine } from './machine-book.ts';
import type { LoadedActors } from './loaded-actors.ts';
import { toActorKey } from './standing-actors.ts';
import type { StepActors, StepGround } from './step-actors.ts';
import { toRehearsedEntries, toShown } from './told-entries.ts';
import type { TreeEffect } from './tree-outcome.ts';

export interface ActorRehearsalOptions {
  readonly loaded: LoadedActors;
  readonly createSteps: (ground: Omit<StepGround, 'getMachine' | 'flows' | 'maxOutputBytes'>) => StepActors;
  readonly reads: ActorReads;
  readonly tick: Tick;
}

type EventCommand = Extract<ActorCommand, { type: 'event' }>;

/** Actors in a tick that is walked through on copies: trees that were frozen and restored, decide and do nothing, and are thrown away. */
export class ActorRehearsal {
  readonly #options: ActorRehearsalOptions;
  readonly #copies = new Map<string, HostedActor>();
  readonly #steps: StepActors;
  readonly #seen = new Map<HostedActor, Map<string, object>>();

  constructor(options: ActorRehearsalOptions) {
    this.#options = options;
    const { now } = options.tick;
    this.#steps = options.createSteps({
      reads: options.reads,
      find: id => this.#find(id),
      spawn: (id, known, input) => void this.#spawn(id, known, { type: 'spawn', id, known, start: { input } }),
      deliver: ({ id, tree }, event) => this.#deliver({ type: 'event', id, session: tree.root.sessionId, event }),
      stop: actor => actor.absorb(actor.tree.stop(now)),
      touch: () => {},
    });
  }

  async take(command: ActorCommand): Promise<void> {
    const { tick, reads, loaded } = this.#options;
    const memory = { has: (id: string): boolean => this.#copies.has(id) || loaded.has(id), blocked: loaded.blocked, [Symbol.iterator]: () => loaded[Symbol.iterator]() };
    await reads.load(command, memory, tick.now);
    const { now } = tick;
    const actor = 'id' in command && command.id !== undefined && command.type !== 'spawn' ? this.#find(command.id) : undefined;
    if (command.type === 'spawn') {
      if (!this.#find(command.id)) this.#spawn(command.id, command.known, command);
    } else if (command.type === 'event') this.#deliver(command);
    else if (command.type === 'step') this.#steps.apply(command.call, tick);
    else if (command.type === 'stop' && actor?.status === 'active') actor.absorb(actor.tree.stop(now));
    else if (command.type === 'failed' && actor) this.#fail(actor, command.session, command.error);
    else if (command.type === 'due' && actor) actor.fireDue(now);
    else if (command.type === 'retry' && actor) actor.retry(command.session, command.attempt, now);
    this.#steps.settle(tick);
  }

  #find(id: string): HostedActor | undefined {
    const there = this.#copies.get(id);
    if (there) return there;
    const { loaded, reads } = this.#options;
    const copy = loaded.copy(id, () => reads.get(id), moved => this.#steps.note(moved));
    if (!copy) return undefined;
    this.#copies.set(id, copy);
    this.#seen.set(copy, new Map(Array.from(copy.tree.live.values(), inner => [copy.tree.toAddress(inner), toShown(inner._snapshot)])));
    return copy;
  }

  #spawn(id: string, known: KnownMachine, { start, promises }: Extract<ActorCommand, { type: 'spawn' }>): void {
    const actor = this.#options.loaded.createApart(id, known, moved => this.#steps.note(moved));
    this.#copies.set(id, actor);
    actor.begin(start, promises, this.#options.tick.now);
  }

  #deliver({ id, session, event, called, source }: EventCommand): void {
    const actor = this.#find(id);
    const target = actor?.tree.live.get(session);
    if (!actor || !target) return;
    try {
      actor.absorb(actor.tree.deliver(target, event, this.#options.tick.now, source === undefined ? undefined : actor.tree.live.get(source)));
    } catch (error) {
      if (called) throw error;
      this.#fail(actor, session, error);
    }
  }

  #fail(actor: HostedActor, session: string | undefined, error: unknown): void {
    const target = session === undefined ? actor.tree.root : actor.tree.live.get(session);
    if (target) actor.absorb(actor.tree.fail(target, error, this.#options.tick.now));
  }

  /** Tells what has happened since it was told last. */
  tell(rehearsal: Rehearsal<Envelope>): void {
    for (const actor of this.#copies.values()) {
      const { id, tree } = actor;
      let seen = this.#seen.get(actor);
      if (!seen) this.#seen.set(actor, (seen = new Map()));
      for (const outcome of actor.outcomes.splice(0)) {
        for (const entry of toRehearsedEntries(outcome, inner => tree.toAddress(inner), seen)) {
          rehearsal.enter({ key: toActorKey(id), ...entry, address: entry.address === id ? '' : entry.address.slice(id.length + 1) });
        }
        for (const effect of outcome.effects) rehearsal.perform(describeEffect(effect, tree.toAddress(effect.actor)));
      }
    }
  }
}

function describeEffect(effect: TreeEffect, address: string): string {
  if (effect.kind === 'action') return `action ${effect.type} of ${address}`;
  if (effect.kind === 'emit' || effect.kind === 'receive') return `${effect.kind} ${effect.event.type} of ${address}`;
  if (effect.kind === 'send') return `send ${effect.event.type} to ${effect.to.id}`;
  return `${effect.kind} ${address}`;
}
