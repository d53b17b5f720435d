import { computed } from '@preact/signals';
import type { Transition } from '../replay/history.ts';
import type { ExecutionModel } from './execution-model.ts';
import { at, filterText, model, newest, only, selected } from './view-state.ts';

const open: ReadonlySet<string> = new Set(['pending', 'running', 'waiting', 'retrying']);

/** Whether an address is that of a step, or of one of its items. */
const belongsTo = (address: string, step: string): boolean => address === step || address.startsWith(`${step}[`);

/** Steps that the filter leaves, by id; undefined: there is no filter. */
export const shownSteps = computed((): ReadonlySet<string> | undefined => {
  const text = filterText.value.trim().toLowerCase();
  const kind = only.value;
  const current = model.value;
  if (!current || (text === '' && (kind === 'all' || kind === 'selected'))) return undefined;
  const seq = at.value;
  return new Set(current.steps.filter(({ id, uses }) => matchesText(text, id, uses) && matchesStatus(current, id, seq)).map(({ id }) => id));
});

function matchesText(text: string, ...parts: readonly string[]): boolean {
  return text === '' || parts.some(part => part.toLowerCase().includes(text));
}

function matchesStatus({ history }: ExecutionModel, id: string, seq: number): boolean {
  if (only.value !== 'failed' && only.value !== 'open') return true;
  const status = history.getState(id, seq)?.value ?? 'pending';
  return only.value === 'failed' ? status === 'failed' : open.has(status);
}

const isBad = ({ event, state }: Transition): boolean => state === 'failed' || event.type === 'attempt.failed' || event.type === 'attempt.interrupted' || event.type === 'flow.expire';

/** Whether a transition passes the filter. */
function isShown(current: ExecutionModel, transition: Transition, text: string): boolean {
  const { address, event } = transition;
  if (only.value === 'selected' && !(selected.value === '' ? address === '' : belongsTo(address, selected.value))) return false;
  if (only.value === 'failed' && !isBad(transition)) return false;
  if (only.value === 'open' && (address === '' || !open.has(current.history.getState(address, at.value)?.value ?? 'pending'))) return false;
  return matchesText(text, address === '' ? 'flow' : address, event.type, transition.state ?? 'ignored');
}

/** Numbers of the transitions that pass the filter, in order; undefined: all do. */
export const shownTransitions = computed((): readonly number[] | undefined => {
  const current = model.value;
  const text = filterText.value.trim().toLowerCase();
  if (!current || (text === '' && only.value === 'all')) return undefined;
  const shown: number[] = [];
  for (let seq = 1; seq <= newest.value; seq++) {
    const transition = current.history.getTransition(seq);
    if (transition && isShown(current, transition, text)) shown.push(seq);
  }
  return shown;
});
