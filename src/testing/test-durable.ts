import type { AnyStateMachine, SnapshotFrom } from 'xstate';
import { FlowError } from '../core/errors.ts';
import type { Divergence } from './compare-state.ts';
import type { MachinePath, MachinePathOptions, MachineStep } from './machine-paths.ts';
import { generatePaths, nameApart } from './machine-paths.ts';
import type { ServiceOutcomes } from './machine-model.ts';
import { crashMachinePath, runMachinePath } from './run-machine-path.ts';
import type { Register } from './register.ts';

/** A second, simpler description of what a machine does; compared with it after every event. */
export interface ReferenceModel<Machine extends AnyStateMachine, Reference> {
  readonly initial: () => Reference;
  readonly next: (reference: Reference, step: Pick<MachineStep<Machine>, 'event' | 'cause' | 'actor'>) => Reference;
  /** False, or an error, is a failure. */
  readonly agrees: (reference: Reference, snapshot: SnapshotFrom<Machine>) => boolean | void;
}

export interface MachineClaims<Machine extends AnyStateMachine, Reference = unknown> {
  /** Hold in every state; false, or an error, is a failure. */
  readonly invariants?: { readonly [name: string]: (snapshot: SnapshotFrom<Machine>) => boolean | void };
  readonly reference?: ReferenceModel<Machine, Reference>;
  /**
   * `model`: the machine by itself; `executed`: as a durable actor, on a simulated clock: delays fire as time passes, promises end as the
   * path says; `crash`: and again with the process ending at every commit. Default `executed`.
   */
  readonly mode?: 'model' | 'executed' | 'crash';
}

export interface DurableTestOptions<Machine extends AnyStateMachine, Reference = unknown> extends Omit<MachinePathOptions<Machine>, 'services'>, MachineClaims<Machine, Reference> {
  readonly durable: true;
  readonly test: Register;
  /** What its promises come to, by their names: `{ pay: { done: [{ id: 1 }], error: [new Error('declined')] } }`. */
  readonly outcomes?: { readonly [service: string]: ServiceOutcomes };
}

/** Registers a test for each path of a machine. */
export function testDurable(machine: AnyStateMachine, { test, outcomes, durable: _durable, invariants, reference, mode, ...generation }: DurableTestOptions<AnyStateMachine>): void {
  const set = generatePaths(machine, { ...generation, ...(outcomes && { services: outcomes }) });
  const claims = { ...(invariants && { invariants }), ...(reference && { reference }), ...(mode && { mode }) };
  for (const path of nameApart(set.paths)) test(path.name, () => followMachinePath(machine, path, claims));
}

/**
 * Follows a path of a machine.
 *
 * @throws a `FlowError` with code `path_diverged`, `invariant_broken`, `path_not_followed` or `service_unnamed`
 */
export async function followMachinePath(machine: AnyStateMachine, path: MachinePath, { invariants = {}, reference, mode = 'executed' }: MachineClaims<AnyStateMachine> = {}): Promise<void> {
  let state = reference?.initial();
  const check = (snapshot: SnapshotFrom<AnyStateMachine>, at: string): void => {
    for (const [name, holds] of Object.entries(invariants)) if (holds(snapshot) === false) throw new FlowError('invariant_broken', `Expected "${name}" to hold ${at}, it does not`);
    if (reference && reference.agrees(state, snapshot) === false) throw new FlowError('invariant_broken', `Expected the reference to agree ${at}, it does not`);
  };
  check(path.initial, 'at the beginning');
  for (const [index, step] of path.steps.entries()) {
    if (reference) state = reference.next(state, step);
    check(step.snapshot, `after event ${index + 1}, ${(step.event as { type: string }).type}`);
  }
  if (mode === 'model') return;
  const { divergences } = await (mode === 'crash' ? crashMachinePath(machine, path) : runMachinePath(machine, path));
  if (divergences.length > 0) throw toDiverged(path.name, divergences);
}

function toDiverged(name: string, divergences: readonly Divergence[]): FlowError {
  const lines = divergences.slice(0, 10).map(({ at, what, expected, found }) => `  ${at}: ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`);
  return new FlowError('path_diverged', [`The durable actor went another way than "${name}":`, ...lines].join('\n'), { details: { divergences } });
}
