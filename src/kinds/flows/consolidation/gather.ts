import type { AttemptRecord, InputRecord, StepRecord } from '../../../../persistence/records.ts';
import type { Answer, RecordReader } from '../../../../persistence/store.ts';
import type { FlowPlan } from '../../../definition/plan.ts';
import { noItem } from '../../../core/address.ts';

/** What one step did, as stored. */
export interface StepWork {
  /** Undefined when it has not begun, nor been settled. */
  row: StepRecord | undefined;
  /** Rows of its items, in their order. */
  readonly items: StepRecord[];
  /** In the order of items, then runs. */
  readonly attempts: AttemptRecord[];
  /** What expressions made, by item. */
  readonly inputs: Map<number, string>;
}

/** Everything one execution did, by position of the step. Reads at once when the store answers at once. */
export function gatherWork(store: RecordReader, executionKey: number, plan: FlowPlan, rows: readonly StepRecord[]): Answer<StepWork[]> {
  const steps = arrange(plan, rows);
  const places = listPlaces(executionKey, rows);
  const attempts = places.map(({ key }) => store.listAttempts(key));
  const inputs = places.map(({ key }) => store.listInputs(key));
  const fill = (index: number, ofKey: readonly AttemptRecord[], made: readonly InputRecord[]): void => {
    const { toPosition } = places[index] as Place;
    for (const attempt of ofKey) steps[toPosition(attempt.position, attempt.item)]?.attempts.push(attempt);
    for (const { position, item, input } of made) steps[toPosition(position, item)]?.inputs.set(item, input);
  };
  if (![...attempts, ...inputs].some(answer => answer instanceof Promise)) {
    for (const index of places.keys()) fill(index, attempts[index] as AttemptRecord[], inputs[index] as InputRecord[]);
    return inOrder(steps, places);
  }
  return Promise.all([Promise.all(attempts), Promise.all(inputs)]).then(([allAttempts, allInputs]) => {
    for (const index of places.keys()) fill(index, allAttempts[index] ?? [], allInputs[index] ?? []);
    return inOrder(steps, places);
  });
}

/** Each place gives its attempts in order; those of one list can be from several. */
function inOrder(steps: StepWork[], places: readonly Place[]): StepWork[] {
  if (places.length > 1) for (const { attempts } of steps) attempts.sort(byRun);
  return steps;
}

const byRun = (a: AttemptRecord, b: AttemptRecord): number => a.item - b.item || a.run - b.run;

/** Where work is kept: with this generation, or with the earlier one that did it. */
interface Place {
  readonly key: number;
  /** -1: none of this execution's. */
  readonly toPosition: (position: number, item: number) => number;
}

function listPlaces(executionKey: number, rows: readonly StepRecord[]): Place[] {
  const own: Place = { key: executionKey, toPosition: position => position };
  const kept = rows.filter(({ originKey }) => originKey !== null);
  const origins = [...Map.groupBy(kept, ({ originKey }) => originKey as number)].map(([key, list]): Place => {
    // By item: a step can have kept some of its items only, and these from several generations.
    const positions = new Map(list.map(({ originPosition, item, position }) => [`${originPosition}.${item}`, position]));
    return { key, toPosition: (position, item) => positions.get(`${position}.${item}`) ?? -1 };
  });
  return [own, ...origins];
}

function arrange(plan: FlowPlan, rows: readonly StepRecord[]): StepWork[] {
  const steps = plan.steps.map((): StepWork => ({ row: undefined, items: [], attempts: [], inputs: new Map() }));
  for (const row of rows) {
    const step = steps[row.position];
    if (step && row.item === noItem) step.row = row;
    else step?.items.push(row);
  }
  return steps;
}
