import type { ActorReader } from '../../../persistence/actor-store.ts';
import type { Described, Holding, Rehearsal, Subject } from '../../engine/holding.ts';
import type { Envelope, Kind, Tick } from '../../engine/kind.ts';
import type { ActorCommand } from './actor-commands.ts';
import type { ActorReads } from './actor-reads.ts';
import { ActorRehearsal } from './actor-rehearsal.ts';
import type { HostedActor } from './hosted-actor.ts';
import type { LoadedActors } from './loaded-actors.ts';
import { toActorKey, toActorPath } from './standing-actors.ts';
import type { StepActors, StepGround } from './step-actors.ts';
import { toPlainEvent } from './told-entries.ts';

export interface ActorHoldingOptions {
  readonly kind: Kind<ActorCommand>;
  readonly actors: ActorReader;
  readonly loaded: LoadedActors;
  /** As the participant makes its own. */
  readonly createSteps: (ground: Omit<StepGround, 'getMachine' | 'flows' | 'maxOutputBytes'>) => StepActors;
  readonly createReads: () => ActorReads;
  readonly released: (id: string) => void;
}

/** How machines of people's own are held and walked through beforehand. */
export class ActorHolding implements Holding<ActorCommand, Envelope> {
  readonly #options: ActorHoldingOptions;

  constructor(options: ActorHoldingOptions) {
    this.#options = options;
  }

  /** What names many actors, and what follows from a flow's own commit, goes through. */
  subjectOf(command: ActorCommand): Subject | undefined {
    switch (command.type) {
      case 'spawn':
      case 'event':
      case 'retry':
      case 'failed':
      case 'stop':
        return this.#toSubject(command.id, command.type === 'spawn' ? command.known.machine.id : undefined);
      case 'due':
        return command.id === undefined ? undefined : this.#toSubject(command.id);
      default:
        return undefined;
    }
  }

  #toSubject(id: string, machineId = this.#options.loaded.get(id)?.known.machine.id): Subject {
    return { key: toActorKey(id), path: toActorPath(id), group: machineId };
  }

  describe(command: ActorCommand): Described {
    const event = toHeldEvent(command);
    const session = 'session' in command ? command.session : undefined;
    const actor = 'id' in command && command.id !== undefined ? this.#options.loaded.get(command.id) : undefined;
    const inner = session === undefined ? undefined : actor?.tree.live.get(session);
    const address = inner && actor ? toBelow(actor, actor.tree.toAddress(inner)) : '';
    return { address, event, size: JSON.stringify(event).length };
  }

  apart(): undefined {
    return undefined;
  }

  async find(key: string): Promise<{ readonly group: string; readonly path: string } | undefined> {
    if (!key.startsWith('actor:')) return undefined;
    const id = key.slice('actor:'.length);
    const loaded = this.#options.loaded.get(id);
    if (loaded) return loaded.status === 'active' ? { group: loaded.known.machine.id, path: toActorPath(id) } : undefined;
    const record = await this.#options.actors.getActor(id);
    return record && record.settledAt === null ? { group: record.machineId, path: toActorPath(id) } : undefined;
  }

  released(key: string): void {
    this.#options.released(key.slice('actor:'.length));
  }

  async rehearse(command: ActorCommand, rehearsal: Rehearsal<Envelope>): Promise<void> {
    const { kind, loaded, createSteps, createReads } = this.#options;
    const walk = rehearsal.scratch(kind, () => new ActorRehearsal({ loaded, createSteps, reads: createReads(), tick: { now: rehearsal.now, post: (envelope: Envelope) => rehearsal.post(envelope) } as Tick }));
    try {
      await walk.take(command);
    } finally {
      walk.tell(rehearsal);
    }
  }
}

function toBelow({ id }: HostedActor, address: string): string {
  return address === id ? '' : address.slice(id.length + 1);
}

function toHeldEvent(command: ActorCommand): Described['event'] {
  switch (command.type) {
    case 'event':
      return toPlainEvent(command.event);
    case 'failed':
      return { type: 'xstate.error', message: String((command.error as Error | undefined)?.message ?? command.error) };
    case 'retry':
      return { type: 'promise.retry', attempt: command.attempt };
    case 'due':
      return { type: 'timers.due' };
    default:
      return { type: `actor.${command.type}` };
  }
}
