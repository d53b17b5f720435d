import { createHash } from 'node:crypto';
import type { AnyStateMachine, StateNode } from 'xstate';
import type { ActorRecord } from '../../persistence/actor-store.ts';
import { FlowError } from '../core/errors.ts';
import { didYouMean } from '../core/wording.ts';
import type { FrozenTree } from './frozen-tree.ts';
import type { MachineLike } from './machine-like.ts';
import { requireMachine } from './require-machine.ts';
import { isMachine } from './xstate-internals.ts';

/** The snapshot of a stored root, as JSON. */
export interface StoredSnapshot {
  readonly status: string;
  readonly value: unknown;
  readonly context: unknown;
  readonly historyValue: unknown;
}

/** One step from a version of a machine to another. */
export interface Migration {
  readonly from: string;
  readonly to: string;
  /** Takes a stored snapshot and returns one that the later version can go on with. */
  readonly migrate: (snapshot: StoredSnapshot) => StoredSnapshot;
}

/** How an invoked promise is run. */
export interface PromiseOptions {
  /** Runs before its failure reaches `onError`, 1 or more. Default 1. */
  readonly maxAttempts?: number;
  /** Wait before the second run, ms; doubled before each next one. Default 1,000. */
  readonly backoffMs?: number;
  /** A run that takes longer is aborted and has failed, ms. Default: no limit. */
  readonly timeoutMs?: number;
}

/** A machine, with what this runtime is to know about it. */
export interface HostedMachine {
  readonly machine: MachineLike;
  readonly migrations?: readonly Migration[];
  /** By the name under which the machine has the promise. */
  readonly promises?: Readonly<Record<string, PromiseOptions>>;
}

export interface KnownMachine extends HostedMachine {
  readonly machine: AnyStateMachine;
  readonly version: string;
  readonly digest: string;
}

/** The machines that a runtime can restore, by id. */
export class MachineBook {
  readonly #known = new Map<string, KnownMachine>();

  constructor(machines: readonly (MachineLike | HostedMachine)[] = []) {
    for (const given of machines) this.add(given);
  }

  add(given: MachineLike | HostedMachine): KnownMachine {
    const hosted = isMachine(given) ? { machine: given } : (given as HostedMachine);
    const machine = requireMachine(hosted?.machine ?? given);
    const known = this.#known.get(machine.id);
    if (known?.machine === machine && isMachine(given)) return known;
    const entry: KnownMachine = { ...hosted, machine, version: String((machine as { version?: unknown }).version ?? ''), digest: computeDigest(machine) };
    if (known && known.digest !== entry.digest) {
      throw new FlowError('option_invalid', `Expected machines with ids of their own, got two different ones with the id \`${machine.id}\``);
    }
    this.#known.set(machine.id, isMachine(given) && known ? { ...known, machine } : entry);
    return this.#known.get(machine.id) as KnownMachine;
  }

  get(machineId: string): KnownMachine | undefined {
    return this.#known.get(machineId);
  }

  /** The machine of a stored actor. */
  require({ actorId, machineId }: ActorRecord): KnownMachine {
    const known = this.#known.get(machineId);
    if (known) return known;
    throw new FlowError('actor_machine_missing', `Expected the machine \`${machineId}\` of actor \`${actorId}\` among the \`machines\` of createRuntime${didYouMean(machineId, this.#known.keys())}`);
  }

  /** What is stored, for the machine as it is now. @throws a `FlowError` with code `machine_changed` */
  upgrade(record: ActorRecord, frozen: FrozenTree): FrozenTree {
    const known = this.require(record);
    if (record.machineDigest === known.digest) return frozen;
    let { snapshot } = frozen.root;
    let version = record.machineVersion;
    for (const steps = new Set<Migration>(); version !== known.version; ) {
      const step = known.migrations?.find(one => one.from === version && !steps.has(one));
      if (!step) break;
      steps.add(step);
      snapshot = { ...snapshot, ...step.migrate(structuredClone(snapshot) as unknown as StoredSnapshot), nodes: undefined };
      version = step.to;
    }
    if (version === known.version && version !== record.machineVersion) return { ...frozen, root: { ...frozen.root, snapshot } };
    throw new FlowError(
      'machine_changed',
      `Expected the machine \`${record.machineId}\` to be as it was when actor \`${record.actorId}\` was stored (version \`${record.machineVersion}\`), got version \`${known.version}\`: ` +
        `${describeStates(known.machine, frozen)}; give \`migrations\` that lead from \`${record.machineVersion}\` to \`${known.version}\`, or the machine as it was`,
    );
  }
}

/** What a snapshot is read by: states, and what leads from one to the other; not the code of actions and guards. */
function toStructure(node: StateNode): unknown {
  const { key, id, type, history } = node;
  const transitions = [...node.transitions].map(([event, list]) => [event, list.map(({ target, reenter }) => [target?.map(to => to.id) ?? null, reenter])]);
  const always = node.always?.map(({ target }) => target?.map(to => to.id) ?? null);
  const invoke = node.invoke.map(({ src, id: invokeId }) => [src, invokeId]);
  return [key, id, type, history, transitions, always ?? [], invoke, type === 'compound' ? (node.initial.target[0] as { id: string } | undefined)?.id : null, Object.values(node.states).map(child => toStructure(child as StateNode))];
}

const computeDigest = (machine: AnyStateMachine): string =>
  createHash('sha256').update(JSON.stringify([machine.id, (machine as { version?: unknown }).version ?? '', toStructure(machine.root as unknown as StateNode)])).digest('hex');

function describeStates(machine: AnyStateMachine, { root }: FrozenTree): string {
  const missing: string[] = [];
  const visit = (node: { id: string; states: Record<string, unknown> } | undefined, value: unknown, path: string): void => {
    const keys = typeof value === 'string' ? [value] : Object.keys((value ?? {}) as object);
    for (const key of keys) {
      const child = node?.states[key] as typeof node;
      if (child) visit(child, typeof value === 'string' ? undefined : (value as Record<string, unknown>)[key], `${path}${key}.`);
      else missing.push(`${path}${key}`);
    }
  };
  visit(machine.root as never, root.snapshot['value'], '');
  const has = Object.keys(machine.states).join(', ');
  return missing.length > 0 ? `the actor is in \`${missing.join(', ')}\`, which is not among its states now (${has})` : `its states or transitions differ (they are ${has} now), though the actor's state is among them`;
}
