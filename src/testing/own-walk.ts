import type { RecordReader } from '../../persistence/store.ts';
import { validateInput } from '../definition/input-schema.ts';
import type { Prepared } from '../kernel/messages.ts';
import { prepareStep } from '../kinds/flows/preparer.ts';
import { getActor, isAsking, isFanOut } from '../kernel/tree.ts';
import { noItem, toLocalAddress } from '../core/address.ts';
import type { StepActor } from '../kernel/tree.ts';
import { describeHappenings } from './describe-happenings.ts';
import { listDue } from './due.ts';
import type { FlowModel, FlowState } from './flow-model.ts';
import { listPreparing, modelStart } from './flow-model.ts';
import { toPlaceOf } from './flow-offers.ts';
import type { PathEvent } from './path-event.ts';

/** A way that a flow goes by its own expressions. */
export interface OwnWalk {
  /** What happened to it, with what its expressions came to. */
  readonly events: readonly PathEvent[];
  /** One more than events. */
  readonly states: readonly FlowState[];
  /** What it did: when it began, and after every event from outside. */
  readonly happens: readonly (readonly string[])[];
  /** An event could not happen any more: the flow stood elsewhere. */
  readonly lost: boolean;
}

const maxEvents = 5_000;
const limits = { timeLimitMs: 5_000, maxBytes: 10_000_000 };

/**
 * Walks a flow with its own expressions: the kernel decides, the expressions are evaluated as a runtime does it, and
 * `next` says what happens from outside; nothing more ends the walk.
 */
export async function walkOwn(model: FlowModel, input: unknown, next: (state: FlowState) => PathEvent | undefined): Promise<OwnWalk> {
  const filled = await validateInput(model.flow.definition, input, limits.timeLimitMs);
  const events: PathEvent[] = [];
  const states: FlowState[] = [model.initial];
  const last = (): FlowState => states.at(-1) as FlowState;
  const findPreparing = (): ReturnType<typeof listPreparing> => (last().status === 'done' ? [] : listPreparing(last()));
  const rest = async (): Promise<void> => {
    for (let [actor] = findPreparing(); actor; [actor] = findPreparing()) {
      const state = last();
      const item = isFanOut(actor) ? noItem : actor.item;
      const { position } = actor.step;
      const asked = await prepareStep(toReader(state), { tree: state.tree, executionKey: 1, input: filled, position, item, outputs: new Map(), now: state.now, ...limits });
      // A path is of what an expression says, not of how long it may take.
      const prepared = asked.type === 'again' ? { type: 'fail' as const, failure: asked.failure } : asked;
      events.push({ type: 'prepare', ...toPlaceOf(actor), result: prepared.type, ...(prepared.type === 'start' && prepared.list && { items: prepared.list.value.length }) });
      states.push(model.prepare(state, position, item, prepared satisfies Prepared));
    }
  };
  await rest();
  const happens = [describeHappenings(undefined, last())];
  while (last().status === 'active' && events.length < maxEvents) {
    const before = last();
    const event = next(before);
    if (!event) break;
    if (!canHappen(before, event)) return { events, states, happens: [...happens, [`cannot happen: ${JSON.stringify(event)}`]], lost: true };
    events.push(event);
    states.push(model.transition(before, event));
    await rest();
    happens.push(describeHappenings(before, last()));
  }
  return { events, states, happens, lost: false };
}

/** Follows events one by one; what expressions come to is found anew. */
export function replayOwn(model: FlowModel, input: unknown, events: readonly PathEvent[]): Promise<OwnWalk> {
  const outside = events.filter(({ type }) => type !== 'prepare');
  let index = 0;
  return walkOwn(model, input, () => outside[index++]);
}

function canHappen(state: FlowState, event: PathEvent): boolean {
  const { tree } = state;
  if (event.type === 'elapse') return listDue(tree, modelStart).length > 0;
  if (event.type === 'cancel' || event.type === 'crash' || event.type === 'signal' || event.type === 'prepare') return true;
  const actor = getActor(tree, tree.plan.positions.get(event.step) ?? -1, 'item' in event ? (event.item ?? noItem) : noItem) as StepActor | undefined;
  if (!actor || isFanOut(actor)) return false;
  if (event.type === 'answer') return isAsking(actor);
  return event.type === 'child' ? actor.snapshot.value === 'waiting' && (actor.step.role === 'flow' || actor.step.role === 'machine') : actor.snapshot.value === 'running';
}

/** What expressions can read of a state, as from a store. */
function toReader({ rows, outputs }: FlowState): RecordReader {
  const reader: Partial<RecordReader> = {
    getOutput: (_key, position, item) => {
      for (const row of rows.values()) if (row.position === position && row.item === item) return outputs.get(toLocalAddress(row.stepId, item));
      return undefined;
    },
    listItemOutputs: (_key, position) =>
      [...rows.values()].filter(row => row.position === position && row.item !== noItem && row.status === 'completed').toSorted((a, b) => a.item - b.item)
        .map(({ stepId, item }) => ({ item, output: outputs.get(toLocalAddress(stepId, item)) ?? 'null' })),
    listSteps: () => [...rows.values()],
    artifacts: { list: () => [] } as unknown as NonNullable<RecordReader['artifacts']>,
  };
  return reader as RecordReader;
}
