import type { AnyStateMachine } from 'xstate';
import { FlowError } from '../core/errors.ts';
import { isOwnEvent } from '../kinds/actors/xstate-internals.ts';
import type { KeptMachinePath } from './kept-machine.ts';
import { findMachineDeviation, keepMachinePaths, walkKept } from './kept-machine.ts';
import { MachineModel } from './machine-model.ts';
import { listMachineMutants } from './machine-mutants.ts';
import type { MachinePath, MachinePathOptions } from './machine-paths.ts';
import { createPathModel, makePath } from './machine-paths.ts';
import type { Survivor } from './mutate-flow.ts';
import { findTelling, maxPairs } from './tell-mutant.ts';

export interface MachineMutationReport {
  readonly machineId: string;
  readonly mutants: number;
  readonly survivors: readonly Survivor[];
}

/** What may happen to a machine, as for `generatePaths`. */
type Happening = Pick<MachinePathOptions<AnyStateMachine>, 'events' | 'services'>;

/**
 * Changes a machine in every small way and follows its kept paths with each: one of them has to go another way.
 *
 * @param happening what else may happen to it. Default: what happens on the paths, and its other events without a payload
 */
export function mutateMachine(machine: AnyStateMachine, paths: readonly KeptMachinePath[], happening: Happening = readHappening(machine, paths)): MachineMutationReport {
  const mutants = listMachineMutants(machine);
  const model = createPathModel(machine, happening);
  const walks = paths.map(path => walkKept(machine, path)).filter(walk => 'steps' in walk);
  const survivors = mutants
    .filter(mutant => !isNoticed(mutant.machine, paths))
    .map(mutant => ({ name: mutant.name, ...explain(findTelling(model, new MachineModel(mutant.machine), walks)) }));
  return { machineId: machine.id, mutants: mutants.length, survivors };
}

function explain(found: ReturnType<typeof findTelling>): Omit<Survivor, 'name'> {
  if (found === 'same') return { reason: 'whatever happens, the machine shows the same', telling: false };
  if (found === 'unknown') return { reason: `not told by anything within ${maxPairs} states: give other events, inputs or outcomes`, telling: true };
  return { reason: `would be told by ${found.steps.map(({ offer }) => offer.event.type).join(' → ') || 'its start'}`, telling: true };
}

/** The events and outcomes that paths have, and the events that they do not. */
function readHappening(machine: AnyStateMachine, paths: readonly KeptMachinePath[]): Happening {
  const events = new Map<string, { readonly type: string }>();
  const services: Record<string, { done: unknown[]; error: unknown[] }> = {};
  for (const { cause, actor, event } of paths.flatMap(({ steps }) => steps)) {
    if (cause === 'event' && actor === '') events.set(JSON.stringify(event), event);
    if (cause !== 'done' && cause !== 'error') continue;
    const known = (services[String(event['actorId'])] ??= { done: [], error: [] });
    known[cause].push(cause === 'done' ? event['output'] : new Error(String((event['error'] as { message?: unknown } | undefined)?.message)));
  }
  const types = new Set([...events.values()].map(({ type }) => type));
  for (const type of machine.events as readonly string[]) if (!types.has(type) && !type.includes('*') && !isOwnEvent({ type })) events.set(type, { type });
  return { events: [...events.values()] as never, services };
}

const isNoticed = (mutant: AnyStateMachine, paths: readonly KeptMachinePath[]): boolean => paths.some(path => goesAnotherWay(mutant, path));

function goesAnotherWay(mutant: AnyStateMachine, path: KeptMachinePath): boolean {
  try {
    return findMachineDeviation(mutant, path) !== undefined;
  } catch {
    return true;
  }
}

/**
 * @param unnoticed names of changes that are known to go unnoticed
 * @throws a `FlowError` with code `mutants_survived` that lists the changes no kept path notices, and one could
 */
export function proveMachineMutants(machine: AnyStateMachine, paths: readonly KeptMachinePath[], unnoticed: readonly string[] = []): void {
  const { survivors, mutants } = mutateMachine(machine, paths);
  const telling = survivors.filter(survivor => survivor.telling && !unnoticed.includes(survivor.name));
  if (telling.length === 0) return;
  throw new FlowError('mutants_survived', [`Expected a path to fail for every change of the machine \`${machine.id}\`, ${telling.length} of ${mutants} went unnoticed:`, ...telling.map(({ name, reason }) => `  ${name}: ${reason}`)].join('\n'), { details: { survivors: telling } });
}

/** Adds paths for changes of the machine that no path notices, and one could. */
export function addTellingPaths<Machine extends AnyStateMachine>(machine: Machine, paths: readonly MachinePath<Machine>[], happening: Pick<MachinePathOptions<Machine>, 'events' | 'services'> = {}): MachinePath<Machine>[] {
  const all = [...paths] as unknown as MachinePath[];
  const model = createPathModel(machine, happening);
  let kept = keepMachinePaths(all);
  for (const { machine: mutant } of listMachineMutants(machine)) {
    if (isNoticed(mutant, kept)) continue;
    const found = findTelling(model, new MachineModel(mutant), all);
    if (typeof found === 'string') continue;
    all.push(makePath(found.input, found.start, found.steps));
    kept = keepMachinePaths(all);
  }
  return all as unknown as MachinePath<Machine>[];
}
