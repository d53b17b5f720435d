import type { ConsolidatedRecord } from '../../persistence/consolidation-store.ts';
import type { AttemptRecord, ExecutionRecord, InputRecord, SignalRecord, StepRecord } from '../../persistence/records.ts';
import { noItem } from '../core/address.ts';
import { readStored, toRowKey } from '../core/stored-value.ts';
import type { CompiledValue, ExpressionScope, PlannedStep } from '../definition/plan.ts';
import type { GatheredRows } from './rows.ts';
import { readItemList } from './item-list.ts';
import type { FlowState } from './rows.ts';
import { isFanOut } from './tree.ts';

/** What one move of a flow adds to its rows. */
export interface FlowRows extends GatheredRows {
  readonly execution: ExecutionRecord;
  /** What the execution came to; null: these rows do not score it. */
  readonly consolidated: ConsolidatedRecord | null;
}

/** All that has to be kept of a flow so that it can go on elsewhere: rows of plain JSON values. */
export interface StoredFlow {
  readonly execution: ExecutionRecord;
  /** One for each step or item that has left `pending`. */
  readonly steps: readonly StepRecord[];
  readonly inputs: readonly InputRecord[];
  /** Those that completed: they have the outputs. */
  readonly attempts: readonly AttemptRecord[];
  /** No step has taken them yet; oldest first. */
  readonly signals: readonly SignalRecord[];
}

const toPlace = ({ position, item }: Pick<StepRecord, 'position' | 'item'>): string => `${position}.${item}`;

function replace<Row extends Pick<StepRecord, 'position' | 'item'>>(rows: readonly Row[], newer: readonly Row[]): Row[] {
  return [...new Map([...rows, ...newer].map(row => [toPlace(row), row])).values()];
}

/** Puts the rows of a move in the place of those that were kept. @param stored undefined: these are the first */
export function mergeRows(stored: StoredFlow | undefined, { execution, steps, inputs, attempts, signals: { received, consumed } }: FlowRows): StoredFlow {
  const taken = new Set(consumed.map(({ number }) => number));
  return {
    execution,
    steps: replace(stored?.steps ?? [], steps),
    inputs: replace(stored?.inputs ?? [], inputs),
    attempts: replace(stored?.attempts ?? [], attempts.filter(({ status }) => status === 'completed')),
    signals: [...(stored?.signals ?? []), ...received].filter(({ number }) => !taken.has(number)),
  };
}

/** What the expressions of a step, or of an item, can see of a flow. Artifacts are not rows of it: they are left out. */
export function createScope({ header, tree }: FlowState, { steps: rows, attempts }: StoredFlow, step: PlannedStep, item: number, values: readonly (CompiledValue | null)[]): ExpressionScope {
  const outputs = new Map(attempts.map(row => [toPlace(row), row.output]));
  const readOutput = (upstream: PlannedStep): unknown => {
    const { position } = upstream;
    if (upstream.forEach) {
      const items = rows.filter(row => row.position === position && row.item !== noItem).toSorted((a, b) => a.item - b.item);
      return readItemList(upstream, items.map(row => ({ ...row, output: outputs.get(toPlace(row)) ?? null })));
    }
    const text = outputs.get(toPlace({ position, item: noItem }));
    return text === undefined || text === null ? null : readStored('attempts.output', toRowKey(header.key, position, noItem), text);
  };
  const steps: Record<string, { output: unknown; status: string }> = {};
  for (const id of new Set(values.flatMap(value => value?.references ?? []))) {
    const upstream = tree.plan.steps[tree.plan.positions.get(id) ?? -1];
    if (!upstream) continue;
    const status = tree.settled[upstream.position] ?? 'pending';
    steps[id] = { output: status === 'completed' ? readOutput(upstream) : null, status };
  }
  const input = readStored('inputs.input', header.key, header.input);
  const fanOut = item === noItem ? undefined : tree.actors.get(step.position);
  return fanOut && isFanOut(fanOut) ? { input, steps, item: fanOut.list?.[item] ?? null, index: item } : { input, steps };
}
