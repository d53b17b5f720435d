import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import type { ActorMachineRecord, ActorRecord } from '../../../persistence/actor-store.ts';
import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import type { ActorSources } from './actor-sources.ts';
import { findOwn, listReachable, readMachineName, toOwnName, toMachineName } from './actor-sources.ts';
import type { FrozenTree } from './frozen-tree.ts';
import type { MachineLike } from './machine-like.ts';
import { computeFirstDigest } from './first-digest.ts';
import type { MachineStructure } from './machine-structure.ts';
import { toDigest, toStructure, toVersion } from './machine-structure.ts';
import type { Migration } from './migration.ts';
import type { PromiseOptionsByName } from './promise-runs.ts';
import { requirePromiseOptions } from './promise-runs.ts';
import { requireMachine } from './require-machine.ts';
import { requireHosted, requireList, requirePromiseNames } from './check-machine-options.ts';
import { upgradeTree } from './upgrade-tree.ts';
import { requireSameCode, toMachineKey, unnamedRemedy } from './unnamed-machine.ts';
import { isMachine, isUnnamed } from './xstate-internals.ts';
import { readStored } from '../../core/stored-value.ts';

/** A machine, with what this runtime is to know about it. */
export interface HostedMachine {
  readonly machine: MachineLike;
  readonly migrations?: readonly Migration[];
  /** By the name under which the machine has the promise. */
  readonly promises?: PromiseOptionsByName;
}

export interface KnownMachine extends HostedMachine {
  readonly machine: AnyStateMachine;
  readonly version: string;
  /** Of its structure, with the machines of its children. */
  readonly digest: string;
  /** What 0.2.0 stored in its place. */
  readonly firstDigest: string;
  /** What is stored of it, once. */
  readonly row: ActorMachineRecord;
}

function toKnown(hosted: HostedMachine, machine: AnyStateMachine): KnownMachine {
  const row = toRow(machine);
  return { ...hosted, machine, version: row.machineVersion, digest: row.machineDigest, firstDigest: computeFirstDigest(machine), row };
}

const toRow = (machine: AnyStateMachine): ActorMachineRecord => ({ machineDigest: toDigest(machine), machineId: machine.id, machineVersion: toVersion(machine), structure: JSON.stringify(toStructure(machine)) });

/** The machines that a runtime can restore. */
export class MachineBook implements ActorSources {
  /** By id; those without one by their structure. */
  readonly #known = new Map<string, KnownMachine>();
  readonly #spawned = new SpawnedMachines();

  constructor(machines: readonly (MachineLike | HostedMachine)[] = []) {
    for (const given of requireList('machines', machines)) this.add(given);
  }

  add(given: MachineLike | HostedMachine): KnownMachine {
    const hosted = isMachine(given) ? { machine: given } : (given as HostedMachine);
    const machine = requireMachine(hosted?.machine ?? given);
    if (!isMachine(given)) requireHosted(hosted);
    requirePromiseOptions(hosted.promises);
    const same = isUnnamed(machine.id) ? this.#listUnnamed().find(one => one.machine === machine) : this.#known.get(machine.id);
    if (same?.machine === machine && isMachine(given)) return same;
    // Those of its children act with it: what cannot be hosted is known before anything is stored.
    for (const one of listReachable(machine)) requireMachine(one);
    const entry = toKnown(hosted, machine);
    requirePromiseNames(hosted.promises, entry.row.structure);
    const key = toMachineKey(machine.id, entry.digest);
    const known = this.#known.get(key);
    if (known && known.digest !== entry.digest) {
      throw new FlowError('option_invalid', `Expected machines with ids of their own, got two different ones with the id \`${machine.id}\``);
    }
    if (known) requireSameCode(known.machine, machine);
    const added = isMachine(given) && known ? { ...known, machine } : entry;
    this.#known.set(key, added);
    return added;
  }

  /** Of machines without an id there may be several: then none is meant. */
  get(machineId: string): KnownMachine | undefined {
    if (!isUnnamed(machineId)) return this.#known.get(machineId);
    const [first, ...others] = this.#listUnnamed();
    return others.length === 0 ? first : undefined;
  }

  #listUnnamed(): KnownMachine[] {
    return [...this.#known.values()].filter(({ machine }) => isUnnamed(machine.id));
  }

  /** The machine of a stored actor. */
  require({ actorId, machineId, machineDigest }: ActorRecord): KnownMachine {
    const unnamed = isUnnamed(machineId) ? this.#listUnnamed() : [];
    const known = unnamed.find(({ digest, firstDigest }) => digest === machineDigest || firstDigest === machineDigest) ?? this.get(machineId);
    if (known) return known;
    if (unnamed.length > 0) {
      throw new FlowError('actor_machine_missing', `Expected the machine of actor \`${actorId}\`, which has no id, among the \`machines\` of createRuntime, got ${unnamed.length} without one, and none has the states and transitions it was stored with; give it as it was, then ${unnamedRemedy}`);
    }
    throw new FlowError('actor_machine_missing', `Expected the machine \`${machineId}\` of actor \`${actorId}\` among the \`machines\` of createRuntime${didYouMean(machineId, this.#known.keys())}`);
  }

  toName(parent: AnyActorLogic, logic: AnyActorLogic): string | undefined {
    const own = isMachine(parent) ? toOwnName(parent, logic) : undefined;
    return own ?? (isMachine(logic) ? this.#spawned.name(requireMachine(logic)) : undefined);
  }

  find(parent: AnyStateMachine, src: string): AnyActorLogic | undefined {
    return findOwn(parent, src) ?? this.#spawned.find(src, [parent, ...this.#listMachines()]);
  }

  #listMachines(): AnyStateMachine[] {
    return [...this.#known.values()].map(({ machine }) => machine);
  }

  /** What is to be stored of machines that others have spawned by value; `kept` has the digests of those that are, and then of these. */
  listSpawned(kept: Set<string>): ActorMachineRecord[] {
    const rows: ActorMachineRecord[] = [];
    for (const machine of this.#spawned.all()) {
      const digest = toDigest(machine);
      if (kept.has(digest)) continue;
      kept.add(digest);
      rows.push(toRow(machine));
    }
    return rows;
  }

  /** Digests of machines that `upgrade` asks for the structure of: those that may have changed since the actor was stored. */
  listFormer(record: ActorRecord, { below }: FrozenTree): string[] {
    const digests = new Set(below.flatMap(({ src = '' }) => readMachineName(src)?.digest ?? []));
    if (record.machineDigest !== this.require(record).digest) digests.add(record.machineDigest);
    return [...digests];
  }

  /**
   * What is stored, for the machines as they are now.
   *
   * @param readStructure what was stored of a machine, by its digest: JSON text
   * @throws a `FlowError` with code `machine_changed`
   */
  upgrade(record: ActorRecord, frozen: FrozenTree, readStructure: (digest: string) => string | undefined): FrozenTree {
    const known = this.require(record);
    const isUnchanged = record.machineDigest === known.digest;
    if (isUnchanged && !frozen.below.some(({ src = '' }) => readMachineName(src))) return frozen;
    const structureOf = (digest: string): MachineStructure | undefined => {
      const stored = readStructure(digest);
      return stored === undefined ? undefined : readStored<MachineStructure>('actor_machines.structure', digest, stored);
    };
    return upgradeTree({
      record, frozen, machine: known.machine, isUnchanged, structureOf, sources: this,
      isSameRoot: record.machineDigest === known.firstDigest,
      migrationsOf: machineId => (machineId === known.machine.id ? known : this.get(machineId))?.migrations ?? [],
    });
  }
}

/** Machines that others have spawned by value in this process, by the names that are stored of them. */
class SpawnedMachines {
  readonly #byName = new Map<string, AnyStateMachine>();
  readonly #names = new WeakMap<AnyStateMachine, string>();

  /** Of two machines with one name the later one is found: they have the same states. */
  name(machine: AnyStateMachine): string {
    let name = this.#names.get(machine);
    if (name === undefined) {
      name = toMachineName(machine.id, toDigest(machine));
      this.#names.set(machine, name);
      this.#byName.set(name, machine);
    }
    return name;
  }

  all(): Iterable<AnyStateMachine> {
    return this.#byName.values();
  }

  /**
   * The machine that is stored under a name: as it was if it is known so, else one that has its id.
   *
   * @param known machines to look in; those of their children are looked at, too
   */
  find(src: string, known: Iterable<AnyStateMachine>): AnyStateMachine | undefined {
    const there = this.#byName.get(src);
    if (there) return there;
    const wanted = readMachineName(src);
    if (!wanted) return undefined;
    const reachable = new Set<AnyStateMachine>();
    for (const machine of known) listReachable(machine, reachable);
    const candidates = [...reachable].filter(({ id }) => id === wanted.machineId);
    const same = candidates.find(machine => toDigest(machine) === wanted.digest);
    if (same) this.#byName.set(src, same);
    return same ?? candidates[0];
  }
}
