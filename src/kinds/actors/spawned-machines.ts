import type { AnyStateMachine } from 'xstate';
import { listReachable, readMachineName, toMachineName } from './actor-sources.ts';
import { toDigest } from './machine-structure.ts';

/** Machines that others have spawned by value in this process, by the names that are stored of them. */
export class SpawnedMachines {
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
