import { computed } from '@preact/signals';
import type { PlannedStep } from '../../definition/plan.ts';
import type { GraphStep, ItemCounts, StepState, StepStatus } from '../graph/step-graph.ts';
import { preview, target } from '../live/stepping.ts';
import type { ActorState, History } from '../replay/history.ts';
import type { ExecutionModel } from './execution-model.ts';
import { shownSteps } from './filter.ts';
import { at, isNewest, model } from './view-state.ts';

/** Items that are counted one by one; of more there are only the counters. */
const maxCounted = 2_000;

/** A step as the graph takes it. */
function toGraphStep(step: PlannedStep, { steps, definition }: ExecutionModel['history']['plan']): GraphStep {
  const { id, uses, role, critical, always, alternativeOf, position, retry, recover } = step;
  const { when } = definition.steps[position] ?? {};
  return {
    id, uses, work: role, critical, always, dependsOn: step.dependsOn.map(upstream => steps[upstream]?.id ?? ''), forEach: step.forEach !== null,
    maxAttempts: retry.maxAttempts + (recover?.retry?.maxAttempts ?? 0),
    ...(when !== undefined && { condition: String(when) }), ...(alternativeOf !== null && { alternativeOf: steps[alternativeOf]?.id }),
  };
}

/** The steps of the flow that is looked at; the same list as long as it is. */
export const graphSteps = computed((): readonly GraphStep[] => {
  const current = model.value;
  return current ? current.steps.map(step => toGraphStep(step, current.history.plan)) : [];
});

/** Names of the steps that the filter leaves, so that a filter that leaves the same ones leaves the same picture. */
const shownNames = computed(() => (shownSteps.value ? [...shownSteps.value].join('\n') : undefined));

/** Those of them that the filter leaves. */
export const shownGraphSteps = computed((): readonly GraphStep[] => {
  if (shownNames.value === undefined) return graphSteps.value;
  const shown = new Set(shownNames.value.split('\n'));
  return graphSteps.value.filter(({ id }) => shown.has(id)).map(step => ({ ...step, dependsOn: step.dependsOn.filter(id => shown.has(id)), alternativeOf: shown.has(step.alternativeOf ?? '') ? step.alternativeOf : undefined }));
});

function countItems(history: History, id: string, seq: number, state: ActorState): ItemCounts {
  const { total = 0, settled = 0, completed = 0 } = state.context as { readonly total?: number; readonly settled?: number; readonly completed?: number };
  if (total > maxCounted) return { completed, failed: settled - completed, pending: total - settled };
  const counts: { [status in StepStatus]?: number } = {};
  for (let item = 0; item < total; item++) {
    const status = (history.getState(`${id}[${item}]`, seq)?.value ?? 'pending') as StepStatus;
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

function toNote(state: ActorState): string | undefined {
  const { failure, recovery } = state.context as { readonly failure?: { readonly code: string } | null; readonly recovery?: string | null };
  if (failure?.code === 'condition_false') return 'condition';
  return failure?.code.replaceAll('_', ' ') ?? recovery ?? undefined;
}

/** How long a step has taken at a transition, ms. */
function measureStep(history: History, id: string, seq: number): number | undefined {
  const now = history.getTransition(seq)?.at;
  let began: number | undefined;
  for (const move of history.listMoves(id)) {
    if (move > seq) break;
    const state = history.getState(id, move);
    const moved = history.getTransition(move)?.at ?? 0;
    if (state?.value === 'running' || state?.value === 'waiting') began ??= moved;
    if (state?.status === 'done') return began === undefined ? undefined : moved - began;
  }
  return began === undefined || now === undefined ? undefined : now - began;
}

/** States that the walk through a message has come to, by step. */
const previewed = computed((): ReadonlyMap<string, string> => {
  const walk = preview.value;
  const states = new Map<string, string>();
  for (const { key, address, state } of walk?.entries.slice(0, walk.place + 1) ?? []) if (state !== null && key === target.value) states.set(address, state);
  return states;
});

/** Parts that make a state, so that one that is the same is the same object: it is not drawn again. */
interface Known {
  readonly key: string;
  readonly state: StepState;
}

let known = new Map<string, Known>();
let knownOf: ExecutionModel | undefined;

/** How each step stands at the transition that is looked at, by id. */
export const stepStates = computed((): ReadonlyMap<string, StepState> => {
  const current = model.value;
  const states = new Map<string, StepState>();
  if (!current) return states;
  const seq = at.value;
  void current.version.value;
  if (knownOf !== current) known = new Map();
  knownOf = current;
  for (const { id, forEach } of current.steps) {
    const walked = isNewest.value ? previewed.value.get(id) : undefined;
    if (walked !== undefined) {
      states.set(id, { status: walked as StepStatus, note: 'preview' });
      continue;
    }
    const state = current.history.getState(id, seq);
    if (!state) continue;
    const items = forEach && state.value !== 'pending' ? countItems(current.history, id, seq, state) : undefined;
    const { attempt } = state.context as { readonly attempt?: number };
    const isOver = state.status === 'done';
    const durationMs = isOver ? measureStep(current.history, id, seq) : undefined;
    const key = `${state.value}/${attempt ?? ''}/${items ? JSON.stringify(items) : ''}/${durationMs ?? ''}`;
    const before = known.get(id);
    const next = before?.key === key ? before.state : { status: state.value as StepStatus, attempt, items, durationMs, note: toNote(state) };
    known.set(id, { key, state: next });
    states.set(id, next);
  }
  return states;
});

/** Steps that the transition that is looked at has moved, with all of its commit. */
export const movedSteps = computed((): ReadonlySet<string> => {
  const current = model.value;
  const transition = current?.history.getTransition(at.value);
  const moved = new Set<string>();
  if (!current || !transition) return moved;
  const { address } = transition;
  if (address !== '') moved.add(current.history.findStep(address)?.id ?? address);
  return moved;
});
