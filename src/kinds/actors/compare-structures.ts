import type { OneMachineStructure, StateStructure } from './machine-structure.ts';
import { describeEventName } from './xstate-internals.ts';

/** What a machine had and has not, and the other way round. */
export interface StructureChange {
  readonly kind: 'states' | 'transitions' | 'invokes';
  readonly gone: readonly string[];
  readonly added: readonly string[];
}

/** Names shown of each kind. */
const maxNames = 5;

/** What has changed between two versions of a machine, by paths of states. */
export function compareStructures(before: OneMachineStructure, now: OneMachineStructure): StructureChange[] {
  const [old, current] = [listAll(before), listAll(now)];
  return (['states', 'transitions', 'invokes'] as const).flatMap(kind => {
    const gone = [...old[kind]].filter(name => !current[kind].has(name));
    const added = [...current[kind]].filter(name => !old[kind].has(name));
    // What a state that is gone had is gone with it.
    const isInside = (name: string, outer: readonly string[]): boolean => outer.some(path => name !== path && (name.startsWith(`${path}.`) || name.startsWith(`${path}: `)));
    const [goneStates, addedStates] = [[...old.states].filter(name => !current.states.has(name)), [...current.states].filter(name => !old.states.has(name))];
    const change = { kind, gone: gone.filter(name => !isInside(name, goneStates)), added: added.filter(name => !isInside(name, addedStates)) };
    return change.gone.length > 0 || change.added.length > 0 ? [change] : [];
  });
}

export function describeChanges(changes: readonly StructureChange[]): string {
  if (changes.length === 0) return 'only its version differs';
  return changes.map(({ kind, gone, added }) => [listNames(`${kind} gone`, gone), listNames(`${kind} new`, added)].filter(text => text !== '').join('; ')).join('; ');
}

function listNames(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : '';
  return `${what}: ${names.slice(0, maxNames).map(name => `\`${name}\``).join(', ')}${more}`;
}

type Listed = Readonly<Record<StructureChange['kind'], Set<string>>>;

function listAll({ id, root }: OneMachineStructure): Listed {
  const listed: Listed = { states: new Set(), transitions: new Set(), invokes: new Set() };
  const toTarget = (target: string): string => (target.startsWith(`${id}.`) ? target.slice(id.length + 1) : target);
  const visit = (path: string, { type, initial, history, on = {}, always = [], invoke = {}, states = {} }: StateStructure): void => {
    const at = path === '' ? '' : `${path}: `;
    // A state that is of another type, or begins elsewhere, is another one to whoever is in it.
    const kind = history ? `${String(history)} history` : type;
    if (path !== '') listed.states.add(kind === 'atomic' || kind === 'compound' ? path : `${path} (${kind})`);
    if (initial !== undefined) listed.transitions.add(`${at}begins in ${toTarget(initial)}`);
    for (const [event, list] of Object.entries({ ...on, ...(always.length > 0 ? { always } : {}) })) {
      for (const [targets, reenter] of list) listed.transitions.add(`${at}${describeEventName(event)} → ${targets?.map(toTarget).join(' + ') ?? 'no other state'}${reenter ? ' (again)' : ''}`);
    }
    for (const [invokeId, src] of Object.entries(invoke)) listed.invokes.add(`${at}${invokeId === src ? src : `${src} as ${invokeId}`}`);
    for (const [key, state] of Object.entries(states)) visit(path === '' ? key : `${path}.${key}`, state);
  };
  visit('', root);
  return listed;
}
