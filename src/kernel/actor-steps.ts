import type { SignalRecord } from '../../persistence/records.ts';
import type { Kernel } from './fan-outs.ts';
import type { MachineOffer, MachinePlace } from './actor-call.ts';
import type { FlowTree, StepActor } from './tree.ts';
import { isFanOut } from './tree.ts';

// What a flow and the machines of its steps say to each other. The machines are no part of the tree: what is decided here is
// told to them in the same tick, and what they answer is stored in the same commit.

const toPlace = ({ executionId, generation }: FlowTree, { step, item }: StepActor): MachinePlace => ({ executionId, generation, stepId: step.id, item });

const isMachineStep = (actor: StepActor): boolean => actor.step.role === 'machine' && actor.snapshot.value === 'waiting';

/** The step waits: there is to be an actor for it, which is offered the signals that came before. */
export function beginMachine(kernel: Kernel, actor: StepActor): void {
  const { tree, changes } = kernel;
  const input = actor.input ?? actor.step.with?.value ?? {};
  changes.machineCalls.push({ type: 'begin', place: toPlace(tree, actor), machineId: actor.step.target, input });
  if (tree.signals.length > 0) offerKept(kernel, [actor]);
}

/** It waits no longer: what is left of its actor is stopped. */
export function endMachine({ tree, changes }: Pick<Kernel, 'tree' | 'changes'>, actor: StepActor): void {
  changes.machineCalls.push({ type: 'end', place: toPlace(tree, actor) });
}

/** Machines that wait, in the order of the definition, then of the list. */
function listMachines({ plan, actors }: FlowTree): StepActor[] {
  if (plan.machines.length === 0) return [];
  const found = [...actors.values()].flatMap(actor => (isFanOut(actor) ? [...actor.items.values()] : [actor])).filter(isMachineStep);
  return found.toSorted((a, b) => a.step.position - b.step.position || a.item - b.item);
}

/** `review/approve`: the event `approve` for the step `review`; `review[1]/approve`: for that item of it. */
const addressed = /^([A-Za-z_][A-Za-z0-9_-]*)(?:\[(\d+)\])?\/(.+)$/s;

function listOffers(tree: FlowTree, { name }: SignalRecord, machines: readonly StepActor[]): MachineOffer[] {
  if (machines.length === 0) return [];
  const [, stepId = '', item, type = ''] = addressed.exec(name) ?? [];
  const position = tree.plan.positions.get(stepId);
  const isAddressed = position !== undefined && tree.plan.steps[position]?.role === 'machine';
  const meant = isAddressed ? machines.filter(actor => actor.step.position === position && (item === undefined || actor.item === Number(item))) : machines;
  return meant.map(actor => ({ place: toPlace(tree, actor), type: isAddressed ? type : name }));
}

/** Offers a signal to the machines that wait. @returns false: to none */
export function offerSignal({ tree, changes }: Kernel, signal: SignalRecord, machines = listMachines(tree)): boolean {
  const offers = listOffers(tree, signal, machines);
  if (offers.length === 0) return false;
  changes.machineCalls.push({ type: 'signal', executionId: tree.executionId, signal, offers });
  return true;
}

/** Offers the signals that were kept. While they are on offer they are nobody else's; what is not taken comes back. */
export function offerKept(kernel: Kernel, machines = listMachines(kernel.tree)): void {
  const { tree, changes } = kernel;
  const kept = tree.signals;
  tree.signals = [];
  tree.unoffered = false;
  for (const signal of kept) {
    if (offerSignal(kernel, signal, machines)) changes.consumed.push(signal.number);
    else tree.signals.push(signal);
  }
}
