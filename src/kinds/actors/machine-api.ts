import type { StepFailure } from '../../core/failure.ts';
import type { PromiseOptionsByName } from './promise-runs.ts';
import type { AnyStateMachine, Snapshot } from 'xstate';
import type { ActorRecord } from '../../../persistence/actor-store.ts';
import type { DurableActor } from './durable-actor.ts';
import type { ValueCodec } from './encode-value.ts';
import type { HostedMachine } from './machine-book.ts';
import type { EmittedOf, EventOf, InputOf, MachineLike, RequiredInputOf, SnapshotOf } from './machine-like.ts';

export interface MachineOptions {
  /** XState machines that actors may be restored with and steps of flows may be (`uses: machine:id`), each with an id of its own. Those given to `spawn` are added. */
  readonly machines?: readonly (MachineLike | HostedMachine)[];
  /** Actors that only wait and stay in memory nonetheless, for the case that they are spoken to again. Default 256; 0: each is read back when it is. */
  readonly maxLoadedActors?: number;
  /** For values that JSON has no words for. Asked in this order. */
  readonly codecs?: readonly ValueCodec[];
}

/** Required, unless the machine does without, or a snapshot brings its own. */
type InputOption<Machine extends MachineLike> = undefined extends RequiredInputOf<Machine>
  ? { readonly input?: InputOf<Machine> }
  : { readonly input: InputOf<Machine> } | { readonly input?: InputOf<Machine>; readonly snapshot: Snapshot<unknown> };

/** As strict as XState's `createActor` about `input`. */
export type SpawnOptions<Machine extends MachineLike> = SpawnSettings & InputOption<Machine>;

interface SpawnSettings {
  /** Its address, unique in the store, without `/`. Those that begin with `flow:` are of steps. */
  readonly id: string;
  /** The name under which all actors of its tree find it, `system.get(systemId)`, as in XState. */
  readonly systemId?: string;
  /**
   * What `getPersistedSnapshot()` gave, of this machine live or durable: the actor goes on from there, as with XState's `createActor(machine, { snapshot })`.
   * Promises, callbacks and observables in it begin again; delayed events are not part of it. `input` counts for nothing then. Of no use to an actor that is there.
   */
  readonly snapshot?: Snapshot<unknown> | null | undefined;
  /** How its promises are run, by name; stored with the actor, and before what `machines` says of them. Those given last hold. */
  readonly promises?: PromiseOptionsByName;
}

export interface ActorSummary {
  readonly id: string;
  readonly machineId: string;
  readonly machineVersion: string;
  readonly status: ActorRecord['status'];
  /** The state of the root, as XState writes it. */
  readonly value: unknown;
  /** When its earliest delayed event or next attempt is due, epoch ms; 0: something of it runs now; null: it waits for an event. */
  readonly wakeAt: number | null;
  readonly createdAt: number;
  readonly settledAt: number | null;
  /** Why it cannot be read; `value` is null then. */
  readonly blockedBy?: StepFailure;
}

export interface MachineRuntime {
  /**
   * Starts an XState machine as a durable actor. With an id that is in use by the same machine: the actor that is there.
   *
   * @throws a `FlowError` with code `actor_exists`, `option_invalid`, `actor_value_not_json`, `actor_not_storable`, `machine_changed` or `xstate_unsupported`
   */
  spawn<Machine extends MachineLike>(machine: Machine, options: SpawnOptions<Machine>): Promise<DurableActor<SnapshotOf<Machine>, EventOf<Machine>, EmittedOf<Machine>>>;
  /** A handle on an actor, by its path. @throws a `FlowError` with code `actor_not_found` or `actor_machine_missing` */
  actor<Machine extends MachineLike = AnyStateMachine>(address: string): Promise<DurableActor<SnapshotOf<Machine>, EventOf<Machine>, EmittedOf<Machine>>>;
  /** Roots by id. `limit` defaults to 100. */
  actors(filter?: { readonly status?: ActorRecord['status']; readonly machineId?: string; readonly limit?: number; readonly after?: string }): Promise<ActorSummary[]>;
}
