import type { AnyStateMachine } from 'xstate';
import type { ActorRecord } from '../../../persistence/actor-store.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { ActorSources } from './actor-sources.ts';
import { findOwn, readMachineName, toMachineName } from './actor-sources.ts';
import { compareStructures, describeChanges } from './compare-structures.ts';
import { dropActors, findLeft } from './find-left.ts';
import type { FrozenActor, FrozenTree } from './frozen-tree.ts';
import type { Migration, StoredSnapshot } from './migration.ts';
import type { MachineStructure, OneMachineStructure } from './machine-structure.ts';
import { isSameMachine, toDigest, toStructure } from './machine-structure.ts';
import { closeLiterals, openLiterals } from './value-marks.ts';
import { isMachine, toKind } from './xstate-internals.ts';

export interface UpgradeParams {
  readonly record: Pick<ActorRecord, 'actorId' | 'machineId' | 'machineVersion' | 'machineDigest'>;
  readonly frozen: FrozenTree;
  readonly machine: AnyStateMachine;
  /** What the root's machine was when it was stored, it is. */
  readonly isUnchanged: boolean;
  /** What a machine was when it was stored, by its digest; undefined: 0.2.0 did not keep it. */
  readonly structureOf: (digest: string) => MachineStructure | undefined;
  readonly sources: ActorSources;
  /** The root's machine has the digest that 0.2.0 stored it with. */
  readonly isSameRoot: boolean;
  readonly migrationsOf: (machineId: string) => readonly Migration[];
}

const kindNames = { machine: 'a machine', promise: 'a promise', observable: 'an observable', callback: 'a callback', pure: 'a transition function' } as const;

/** One actor of a tree, on its way to the machine of now. */
interface Subject {
  readonly actor: FrozenActor;
  readonly address: string;
  readonly machine: AnyStateMachine;
  /** Undefined: not known. */
  readonly before: OneMachineStructure | undefined;
  /** What `before` is of. */
  readonly structure: MachineStructure | undefined;
  /** Its digest is the same, so that all it has children by is. */
  readonly isUnchanged: boolean;
  readonly version: string | undefined;
  readonly isSame: boolean;
}

/**
 * A stored tree for machines that have changed since: each actor in it for itself, the root and all below it.
 *
 * @throws a `FlowError` with code `machine_changed` or `migration_failed`
 */
export function upgradeTree({ record, frozen, machine, isUnchanged, structureOf, sources, isSameRoot, migrationsOf }: UpgradeParams): FrozenTree {
  const upgraded = new Map<FrozenActor, FrozenActor>();
  const dropped = new Set<string>();
  const drop = ({ session }: FrozenActor): void => {
    dropped.add(session);
    for (const child of frozen.below) if (child.parent === session) drop(child);
  };
  const visit = (subject: Subject): void => {
    const { actor, address, before, structure } = subject;
    const moved = upgradeActor(subject, migrationsOf);
    upgraded.set(actor, moved);
    const children = frozen.below.filter(({ parent }) => parent === actor.session);
    if (moved !== actor) findLeft(moved, children, subject.machine, before).forEach(drop);
    for (const child of children) {
      if (dropped.has(child.session) || child.src === undefined) continue;
      const logic = sources.find(subject.machine, child.src);
      // Whoever restores it says what is missing.
      if (!logic) continue;
      const at = `${address}/${child.id}`;
      const named = findOwn(subject.machine, child.src) ? undefined : readMachineName(child.src);
      if (named && isMachine(logic)) {
        visit(toNamed(child, at, logic, named.digest));
        const src = toMachineName(logic.id, toDigest(logic));
        if (src !== child.src) upgraded.set(child, { ...(upgraded.get(child) as FrozenActor), src });
        continue;
      }
      const was = before?.actors[child.src];
      const kind = typeof was === 'number' ? 'machine' : was;
      if (kind !== undefined && kind !== toKind(logic)) throw changed(at, child.src, undefined, `it was ${kindNames[kind]} and is ${kindNames[toKind(logic)]} now`);
      if (!isMachine(logic)) continue;
      const one = typeof was === 'number' ? structure?.machines[was] : undefined;
      visit({ actor: child, address: at, machine: logic, structure, before: one, isUnchanged: subject.isUnchanged, version: one?.version, isSame: subject.isUnchanged || (one ? isSameMachine(one, toOne(logic)) : true) });
    }
  };
  /** One that was spawned by value: its name says what its machine was. */
  const toNamed = (actor: FrozenActor, address: string, logic: AnyStateMachine, digest: string): Subject => {
    const isSame = digest === toDigest(logic);
    const kept = isSame ? undefined : structureOf(digest);
    const one = kept?.machines[0];
    return { actor, address, machine: logic, structure: kept, before: one, isUnchanged: isSame, version: one?.version, isSame: isSame || (one !== undefined && isSameMachine(one, toOne(logic))) };
  };
  const structure = isUnchanged ? undefined : structureOf(record.machineDigest);
  const before = structure?.machines[0];
  visit({ actor: frozen.root, address: record.actorId, machine, structure, before, isUnchanged, version: record.machineVersion, isSame: isUnchanged || (before ? isSameMachine(before, toOne(machine)) : isSameRoot) });
  if (dropped.size === 0 && [...upgraded].every(([actor, moved]) => actor === moved)) return frozen;
  return dropActors({ ...frozen, root: upgraded.get(frozen.root) as FrozenActor, below: frozen.below.map(actor => upgraded.get(actor) ?? actor) }, dropped);
}

const toOne = (machine: AnyStateMachine): OneMachineStructure => toStructure(machine).machines[0] as OneMachineStructure;

function upgradeActor({ actor, address, machine, before, version, isSame }: Subject, migrationsOf: UpgradeParams['migrationsOf']): FrozenActor {
  if (isSame) {
    const missing = findMissing(machine, actor);
    if (missing.length === 0) return actor;
    throw changed(address, machine.id, version, `the actor is in ${quote(missing)}, which is not among its states now`);
  }
  const now = toOne(machine);
  const steps = findSteps(migrationsOf(machine.id), version, now.version);
  if (!steps) {
    const missing = findMissing(machine, actor);
    const found = [
      ...(missing.length > 0 ? [`the actor is in ${quote(missing)}, which is not among its states now (${Object.keys(machine.states).join(', ')})`] : []),
      before ? describeChanges(compareStructures(before, now)) : missing.length > 0 ? '' : `its states or transitions differ (they are ${Object.keys(machine.states).join(', ')} now), though the actor's state is among them`,
    ].filter(text => text !== '');
    throw changed(address, machine.id, version, `${found.join('; ')}; ${version === now.version ? 'raise `version`, and ' : ''}give \`migrations\` that lead from \`${version}\` to \`${version === now.version ? 'the next' : now.version}\`, or the machine as it was`, now.version);
  }
  let { snapshot } = actor;
  for (const step of steps) snapshot = { ...snapshot, ...runStep(step, snapshot, address), nodes: undefined };
  const moved = { ...actor, snapshot };
  const missing = findMissing(machine, moved);
  if (missing.length > 0) throw changed(address, machine.id, version, `the migration to \`${now.version}\` leads to ${quote(missing)}, which is not among its states`, now.version);
  return moved;
}

function runStep({ from, to, migrate }: Migration, snapshot: FrozenActor['snapshot'], address: string): StoredSnapshot {
  try {
    const moved: unknown = migrate(openLiterals(structuredClone(snapshot)) as StoredSnapshot);
    if (typeof moved === 'object' && moved !== null) return closeParts(moved);
    throw new TypeError(`it returned ${describeValue(moved)}, not a snapshot`);
  } catch (cause) {
    throw new FlowError('migration_failed', `Expected the migration from \`${from}\` to \`${to}\` to take what is stored of actor \`${address}\`: ${(cause as Error).message}`, { cause });
  }
}

/** What a migration returned, as it is stored. */
const closeParts = (moved: object): StoredSnapshot =>
  Object.fromEntries(Object.entries(moved).map(([part, value]) => [part, value === undefined ? undefined : closeLiterals(value)])) as unknown as StoredSnapshot;

/** Steps from one version to the other, each taken once; undefined: none lead there. */
function findSteps(migrations: readonly Migration[], from: string | undefined, to: string): Migration[] | undefined {
  const steps: Migration[] = [];
  for (let version = from; version !== to; ) {
    const step = migrations.find(one => one.from === version && !steps.includes(one));
    if (!step) return undefined;
    steps.push(step);
    version = step.to;
  }
  return steps.length > 0 ? steps : undefined;
}

/** States an actor is in that its machine does not have. */
function findMissing(machine: AnyStateMachine, { snapshot }: FrozenActor): string[] {
  const missing: string[] = [];
  const visit = (node: { readonly states: Record<string, unknown> }, value: unknown, path: string): void => {
    for (const key of typeof value === 'string' ? [value] : Object.keys((value ?? {}) as object)) {
      const child = node.states[key] as typeof node | undefined;
      if (child) visit(child, typeof value === 'string' ? undefined : (value as Record<string, unknown>)[key], `${path}${key}.`);
      else missing.push(`${path}${key}`);
    }
  };
  visit(machine.root as never, snapshot['value'], '');
  return missing;
}

const quote = (names: readonly string[]): string => names.map(name => `\`${name}\``).join(', ');

function changed(address: string, machineId: string, version: string | undefined, found: string, now?: string): FlowError {
  const then = version === undefined ? '' : ` (version \`${version}\`)`;
  return new FlowError('machine_changed', `Expected the machine \`${machineId}\` to be as it was when actor \`${address}\` was stored${then}${now === undefined ? '' : `, got version \`${now}\``}: ${found}`);
}
