import type { EventObject } from 'xstate';
import type { RehearsedEntry } from '../../engine/holding.ts';
import type { TreeOutcome } from './tree-outcome.ts';
import type { AnySnapshot, Inner, InnerInspection } from './xstate-internals.ts';

type Event = RehearsedEntry['event'];
type Entry = Omit<RehearsedEntry, 'key'>;

/** A microstep, as XState tells of one. */
type Microstep = InnerInspection & { readonly _transitions?: readonly { readonly guard?: unknown; readonly actions?: readonly unknown[] }[] };

/** An event as JSON; of one that is none, its type. */
export function toPlainEvent(event: EventObject): Event {
  return { type: event.type, ...(toPlain(event) as object | undefined) };
}

function toPlain(value: unknown): unknown {
  try {
    return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
  } catch {
    return undefined;
  }
}

/** What one message did to a tree: for each event that an actor took its microsteps, then where it came to. */
export function toRehearsedEntries({ entries, told = [] }: TreeOutcome, toAddress: (actor: Inner) => string, seen: Map<string, object>): Entry[] {
  const left = told.filter(({ type }) => type === '@xstate.microstep' || type === '@xstate.snapshot');
  return entries.flatMap(({ address, event }) => {
    const isIts = (one: InnerInspection): boolean => toAddress(one.actorRef) === address;
    const end = left.findIndex(one => one.type === '@xstate.snapshot' && isIts(one) && one.event === event);
    const own = end < 0 ? [] : left.slice(0, end + 1).filter(isIts);
    for (const one of own) left.splice(left.indexOf(one), 1);
    const before = seen.get(address);
    const last = own.at(-1)?.snapshot;
    const after = last && toShown(last);
    if (after) seen.set(address, after);
    const steps = own.filter(({ type }) => type === '@xstate.microstep').map(step => toMicrostep(step as Microstep, address));
    const choice = steps.length === 1 ? steps[0]?.choice : undefined;
    return [...steps, { address, event: toPlainEvent(event), ...(last ? toState(last) : { state: null }), ...(choice && { choice }), ...(before && { before }), ...(after && { after }) }];
  });
}

function toMicrostep({ event, snapshot, _transitions = [] }: Microstep, address: string): Entry {
  const [first] = _transitions;
  const choice = first && { guard: first.guard === undefined ? null : toName(first.guard), refused: [], actions: _transitions.flatMap(({ actions = [] }) => actions.map(toName)) };
  return { address, event: toPlainEvent(event as EventObject), ...(snapshot ? toState(snapshot) : { state: null }), ...(snapshot && { after: toShown(snapshot) }), ...(choice && { choice }), isMicrostep: true };
}

const toName = (part: unknown): string => (typeof part === 'string' ? part : ((part as { readonly type?: string } | null)?.type ?? (part as { readonly name?: string }).name) || '(inline)');

export const toShown = ({ value, context, status, output }: AnySnapshot): object => ({ value: value ?? null, context: toPlain(context) ?? null, status, ...(output !== undefined && { output: toPlain(output) }) });

/** Where a snapshot is: its leaves as text, and all states that are active. What has ended is also `done`, `error` or `stopped`. */
function toState({ value, status }: AnySnapshot): { readonly state: string; readonly states: readonly string[] } {
  const leaves: string[] = [];
  const states: string[] = [];
  const visit = (part: unknown, prefix: string): void => {
    if (typeof part === 'string') {
      states.push(`${prefix}${part}`);
      leaves.push(`${prefix}${part}`);
    } else if (typeof part === 'object' && part !== null) {
      for (const [name, below] of Object.entries(part)) {
        states.push(`${prefix}${name}`);
        if (typeof below === 'object' && below !== null && Object.keys(below).length === 0) leaves.push(`${prefix}${name}`);
        visit(below, `${prefix}${name}.`);
      }
    }
  };
  visit(value, '');
  if (status !== 'active') states.push(status);
  return { state: leaves.length > 0 ? leaves.join(', ') : status, states };
}
