import type { SignalRecord } from '../../persistence/records.ts';

/** A step that is a machine, or one of its items, in one life of one execution. */
export interface MachinePlace {
  readonly executionId: string;
  /** From 1. */
  readonly generation: number;
  readonly stepId: string;
  /** Place in the `for_each` list; -1: the step itself. */
  readonly item: number;
}

/** A machine that a signal may be meant for, and the type of the event that it would be there. */
export interface MachineOffer {
  readonly place: MachinePlace;
  readonly type: string;
}

/** What a flow tells the machines of its steps, in the tick in which it is decided. */
export type MachineCall =
  /** The step waits from now on: there is to be an actor for it. */
  | { readonly type: 'begin'; readonly place: MachinePlace; readonly machineId: string; readonly input: unknown }
  /** The step waits no longer: what is left of its actor is stopped. */
  | { readonly type: 'end'; readonly place: MachinePlace }
  /** The first that takes the signal has it; none: it is given back. */
  | { readonly type: 'signal'; readonly executionId: string; readonly signal: SignalRecord; readonly offers: readonly MachineOffer[] };

/** Ids that begin so are those of flows' actors. */
export const stepActorPrefix = 'flow:';

/** The id of a step's actor: `flow:<executionId>.<stepId>`, with `.<item>` and, from the second generation on, `~<generation>`. */
export function toStepActorId({ executionId, generation, stepId, item }: MachinePlace): string {
  return `${stepActorPrefix}${executionId}.${stepId}${item < 0 ? '' : `.${item}`}${generation === 1 ? '' : `~${generation}`}`;
}

/** The inverse: an id of a step has no dot in it and begins with no digit, so that an item is told from a step. */
export function readStepActorId(actorId: string): MachinePlace | undefined {
  const [, executionId, stepId, item, generation] = /^flow:(.+)\.([A-Za-z_][A-Za-z0-9_-]*)(?:\.(\d+))?(?:~(\d+))?$/.exec(actorId) ?? [];
  if (executionId === undefined || stepId === undefined) return undefined;
  return { executionId, stepId, item: item === undefined ? -1 : Number(item), generation: generation === undefined ? 1 : Number(generation) };
}
