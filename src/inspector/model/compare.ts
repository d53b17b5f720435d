import type { InspectedExecution, InspectedRow, InspectedText } from '../document/inspected-execution.ts';
import type { StepState, StepStatus } from '../graph/step-graph.ts';

/** A step, or an item of one, in one execution. */
export interface ComparedSide {
  readonly status: string;
  readonly attempt: number;
  readonly durationMs: number | null;
  readonly failure: InspectedRow['failure'];
  readonly input: InspectedText | undefined;
  readonly output: InspectedText | undefined;
}

export interface ComparedPlace {
  /** `scan`, or `scan[3]`. */
  readonly address: string;
  readonly a: ComparedSide | undefined;
  readonly b: ComparedSide | undefined;
  /** What is not the same, in words; times are never. */
  readonly differs: readonly string[];
}

const toAddress = (id: string, item: number): string => (item < 0 ? id : `${id}[${item}]`);

/** Of an execution: all that has begun, by address. */
function listSides({ steps, attempts, inputs, plan }: InspectedExecution): Map<string, ComparedSide> {
  const outputs = new Map<string, InspectedText>();
  for (const { position, item, status, output } of attempts) if (status === 'completed' && output) outputs.set(`${position}/${item}`, output);
  const given = new Map(inputs.map(({ position, item, input }) => [`${position}/${item}`, input]));
  return new Map(steps.map(({ position, item, stepId, status, attempt, startedAt, settledAt, failure }) => {
    const constant = plan.steps[position]?.with;
    const text = constant?.constant ? JSON.stringify(constant.value) : undefined;
    const place = `${position}/${item}`;
    return [toAddress(stepId, item), {
      status, attempt, failure, durationMs: startedAt === null || settledAt === null ? null : settledAt - startedAt,
      input: given.get(place) ?? (text === undefined ? undefined : { text, length: text.length }), output: outputs.get(place),
    }] as const;
  }));
}

function listDifferences(a: ComparedSide | undefined, b: ComparedSide | undefined): string[] {
  if (!a || !b) return ['only in one'];
  return [
    ...(a.status === b.status ? [] : ['state']), ...(a.attempt === b.attempt ? [] : ['attempts']), ...(a.failure?.code === b.failure?.code ? [] : ['failure']),
    ...(a.input?.text === b.input?.text ? [] : ['input']), ...(a.output?.text === b.output?.text ? [] : ['output']),
  ];
}

/** All places of two executions, in the order of the first, then what only the second has. */
export function compareExecutions(a: InspectedExecution, b: InspectedExecution): ComparedPlace[] {
  const [left, right] = [listSides(a), listSides(b)];
  const order = new Map([...a.plan.steps, ...b.plan.steps].map(({ id }, place) => [id, place]));
  const toStep = (address: string): string => address.replace(/\[\d+\]$/, '');
  const addresses = [...new Set([...left.keys(), ...right.keys()])];
  const ordered = addresses.map((address, place) => ({ address, step: order.get(toStep(address)) ?? order.size, place })).toSorted((x, y) => x.step - y.step || x.place - y.place);
  return ordered.map(({ address }) => {
    const [one, other] = [left.get(address), right.get(address)];
    return { address, a: one, b: other, differs: listDifferences(one, other) };
  });
}

/** How the steps of an execution stand, for the graph. */
export function toStepStates(document: InspectedExecution): ReadonlyMap<string, StepState> {
  const states = new Map<string, StepState>();
  const items = new Map<string, Record<string, number>>();
  for (const { stepId, item, status } of document.steps) {
    if (item < 0) continue;
    const counts = items.get(stepId) ?? {};
    items.set(stepId, { ...counts, [status]: (counts[status] ?? 0) + 1 });
  }
  for (const [address, { status, attempt, durationMs, failure }] of listSides(document)) {
    if (!address.endsWith(']')) states.set(address, { status: status as StepStatus, attempt, durationMs: durationMs ?? undefined, items: items.get(address), note: failure?.code.replaceAll('_', ' ') });
  }
  return states;
}
