import type { AnyStateMachine } from 'xstate';
import type { Logger } from '../../core/logger.ts';
import { chain } from '../../../persistence/answer.ts';
import type { ActorReader } from '../../../persistence/actor-store.ts';
import type { Records } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import type { StepMachines } from '../contract/step-machines.ts';
import { describeValue } from '../../core/wording.ts';
import type { InspectionEvent } from 'xstate';
import type { NamedRequest } from '../../engine/kind.ts';
import { createActorReach } from './actor-reach.ts';
import type { ActorCommand } from './actor-commands.ts';
import { requireActorFilter, requireCount, requireList, requirePromiseNames } from './check-machine-options.ts';
import { requireSpawnOptions } from './check-spawn-options.ts';
import { DurableActor } from './durable-actor.ts';
import type { ValueCodec } from './encode-value.ts';
import { toActorSummary } from './actor-summary.ts';
import type { MachineOptions, MachineRuntime, SpawnOptions } from './machine-api.ts';
import { MachineBook } from './machine-book.ts';
import type { Look } from './actor-look.ts';
import { requireSnapshot } from './persisted-snapshot.ts';
import { MachineParticipant } from './machine-participant.ts';
import { requireMachine } from './require-machine.ts';
import { TreeInspection } from './tree-inspection.ts';
import type { AnySnapshot } from './xstate-internals.ts';
import { isOwnEvent } from './xstate-internals.ts';

type AnyActor = DurableActor<AnySnapshot>;

/** What a handle shows that was met as a mere address, in what another actor keeps. */
const unseen = { status: 'active' } as AnySnapshot;

/** Machines of people's own in one runtime: what is known of them, the participant in its ticks, and the handles on their actors. */
export class HostedMachines {
  readonly participant: MachineParticipant | undefined;
  readonly #book: MachineBook;
  readonly #actors: ActorReader | undefined;
  /** By root, then by session. */
  readonly #handles = new Map<string, Map<string, WeakRef<AnyActor>>>();
  /** Somebody watches these: they stay, though nobody holds them. */
  readonly #watched = new Set<AnyActor>();
  readonly #gone = new FinalizationRegistry<{ readonly rootId: string; readonly session: string }>(({ rootId, session }) => {
    const handles = this.#handles.get(rootId);
    if (!handles || handles.get(session)?.deref()) return;
    handles.delete(session);
    if (handles.size === 0) this.#handles.delete(rootId);
  });

  constructor({ machines = [], codecs = [], maxLoadedActors }: MachineOptions, { store, flows, clock, logger, progressed, maxOutputBytes, maxInterruptions, inspect }: { readonly store: Records; readonly flows: FlowInbox; readonly inspect?: ((event: InspectionEvent) => void) | undefined; readonly clock: Clock; readonly logger: Logger; readonly progressed: () => void; readonly maxOutputBytes: number; readonly maxInterruptions: number }) {
    this.#book = new MachineBook(machines);
    this.#actors = store.actors;
    const complain = (error: unknown): void => logger.error({ err: error }, 'whoever watches an actor has thrown');
    this.participant = store.actors && new MachineParticipant({
      actors: store.actors, flows, book: this.#book, maxLoaded: requireCount('maxLoadedActors', maxLoadedActors ?? 256), codecs: requireList('codecs', codecs).map(requireCodec), clock, logger, progressed, maxOutputBytes, maxInterruptions,
      listSignals: executionId => chain(store.getExecution(executionId), record => (record ? store.listSignals(record.key) : [])),
      inspection: inspect && new TreeInspection(inspect, logger),
      handles: {
        toAddress: ref => (ref as unknown instanceof DurableActor ? `${(ref as unknown as AnyActor).address}#${ref.sessionId}` : undefined),
        toHandle: key => this.#toHandle({ address: key.slice(0, key.lastIndexOf('#')), session: key.slice(key.lastIndexOf('#') + 1) }),
      },
      news: {
        snapshot: (id, actor, snapshot) => this.#find(id, actor.sessionId)?.show(snapshot, complain),
        renewed: (id, live) => {
          for (const handle of this.#listHandles(id)) {
            const inner = live.get(handle.sessionId);
            if (inner) handle.renew(inner._snapshot);
          }
        },
        ended: error => {
          for (const handle of this.#watched) handle.abandon(error);
        },
        emitted: (id, actor, event) => this.#find(id, actor.sessionId)?.hear(event, complain),
      },
    });
  }

  #find(rootId: string, session: string): AnyActor | undefined {
    return this.#handles.get(rootId)?.get(session)?.deref();
  }

  *#listHandles(rootId: string): Generator<AnyActor> {
    for (const reference of this.#handles.get(rootId)?.values() ?? []) {
      const handle = reference.deref();
      if (handle) yield handle;
    }
  }

  /** One handle for each incarnation, whoever asks for it. */
  #toHandle(look: Pick<Look, 'address' | 'session'> & Partial<Look>): AnyActor {
    const rootId = toRootId(look.address);
    const there = this.#find(rootId, look.session);
    if (there) {
      if (look.snapshot && there.getSnapshot() === unseen) there.renew(look.snapshot);
      return there;
    }
    const handle: AnyActor = new DurableActor<AnySnapshot>({ id: rootId, snapshot: unseen, ...look }, command => this.#send(command), isWatched => void (isWatched ? this.#watched.add(handle) : this.#watched.delete(handle)));
    const handles = this.#handles.get(rootId) ?? new Map<string, WeakRef<AnyActor>>();
    this.#handles.set(rootId, handles.set(look.session, new WeakRef(handle)));
    this.#gone.register(handle, { rootId, session: look.session });
    return handle;
  }

  #send(command: ActorCommand, request?: NamedRequest): Promise<unknown> {
    if (this.participant) return this.participant.send(command, request);
    return Promise.reject(new FlowError('store_unsupported', 'Expected a store that keeps actors, as the embedded ones do; machines of your own cannot be run on this one'));
  }

  /** What flows see of them. */
  get steps(): StepMachines | undefined {
    const { participant } = this;
    return participant && { has: id => this.#book.get(id) !== undefined, listEvents: id => this.#book.get(id)?.machine.events.filter((type: string) => !isOwnEvent({ type })), toCommand: call => participant.toCommand({ type: 'step', call }) };
  }

  readonly api: MachineRuntime = {
    spawn: async (machine, options) => {
      const { id, input, systemId, snapshot, promises } = requireSpawnOptions(options as SpawnOptions<AnyStateMachine> | undefined);
      const known = this.#book.add(requireMachine(machine));
      requirePromiseNames(promises, known.row.structure);
      const start = { input, systemId, snapshot: requireSnapshot(snapshot) };
      return this.#toHandle((await this.#send({ type: 'spawn', id, known, start, promises })) as Look) as never;
    },
    actor: async address => {
      const [id = '', ...path] = requireText(address).split('/');
      const look = (await this.#send({ type: 'look', id, path })) as Look | undefined;
      if (!look) throw new FlowError('actor_not_found', `Expected the address of an actor, got \`${address}\`, which is not in the store`);
      return this.#toHandle(look) as never;
    },
    actors: async (options = {}) => {
      const { limit = 100, ...filter } = requireActorFilter(options);
      return ((await this.#actors?.listActors({ ...filter, limit })) ?? []).map(toActorSummary);
    },
  };

  /** Deletes actors that settled before then, at most so many; returns how many. */
  async prune(settledBefore: number, limit: number): Promise<number> {
    // Without any there is no tick.
    const old = (await this.#actors?.listSettledActors(settledBefore, 1)) ?? [];
    return old.length === 0 ? 0 : ((await this.#send({ type: 'prune', settledBefore, limit })) as number);
  }

  /** For other processes. */
  readonly reach = createActorReach(this.api, (command, request) => this.#send(command, request));
}

const toRootId = (address: string): string => (address.includes('/') ? address.slice(0, address.indexOf('/')) : address);

function requireText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new FlowError('option_invalid', `Expected the address of an actor to be a text, got ${describeValue(value)}`);
}

function requireCodec(codec: ValueCodec): ValueCodec {
  const { name, matches, encode, decode } = requireKnownKeys(codec, { name: true, matches: true, encode: true, decode: true }, 'a codec');
  if (typeof name === 'string' && [matches, encode, decode].every(part => typeof part === 'function')) return codec;
  throw new FlowError('option_invalid', `Expected a codec with \`name\`, \`matches\`, \`encode\` and \`decode\`, got ${describeValue(codec)}`);
}
