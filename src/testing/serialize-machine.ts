import type { AnyMachineSnapshot } from 'xstate';
import type { MachineState } from './machine-model.ts';

/** States with the same text are the same state: value, history, context, what runs, and how long until what. */
export function serializeState({ snapshot, timers, children, now }: MachineState): string {
  return JSON.stringify([
    serializeSnapshot(snapshot),
    timers.map(({ event, due }) => [event.type, due - now]),
    [...children].map(([id, child]) => [id, serializeState(child)]),
  ]);
}

function serializeSnapshot({ value, context, status, children, historyValue }: AnyMachineSnapshot): string {
  const histories = Object.entries(historyValue as Record<string, readonly { readonly id: string }[]>).map(([id, nodes]) => [id, nodes.map(node => node.id)]);
  return JSON.stringify([value, status, context, histories, Object.keys(children)], tellApart);
}

/** JSON has no words for these. */
function tellApart(_key: string, value: unknown): unknown {
  if (value === undefined) return '\u0000undefined';
  if (typeof value === 'bigint') return `\u0000${value}n`;
  return typeof value === 'number' && !Number.isFinite(value) ? `\u0000${value}` : value;
}

/** What an actor and the machines below it show, as text: status, state and context. */
export function viewState({ snapshot, children }: MachineState): string {
  return toView(snapshot, [...children].map(([id, child]) => [id, viewState(child)]));
}

/** The same of an actor that runs. */
export function viewActors(snapshot: AnyMachineSnapshot): string {
  const children = Object.entries(snapshot.children as Record<string, { getSnapshot(): AnyMachineSnapshot } | undefined>);
  return toView(snapshot, children.flatMap(([id, child]) => {
    const shown = child?.getSnapshot();
    return shown && 'machine' in shown ? [[id, viewActors(shown)] as const] : [];
  }));
}

function toView({ status, value, context, output }: AnyMachineSnapshot, children: readonly (readonly [string, string])[]): string {
  const below = Object.fromEntries(children.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, view]) => [id, JSON.parse(view) as unknown]));
  return JSON.stringify({ status, value, context, ...(output !== undefined && { output: output as unknown }), children: below }, (key, member: unknown) => {
    if (member instanceof Error) return { message: member.message };
    // Actors are named otherwise in every run.
    if (typeof member === 'object' && member !== null && 'xstate$$type' in member) return 'an actor';
    return tellApart(key, sortKeys(member));
  });
}

const sortKeys = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;
