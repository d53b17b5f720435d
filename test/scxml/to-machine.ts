import { Window } from 'happy-dom';
import type { AnyStateMachine } from 'xstate';
import { and, createMachine, not, stateIn } from 'xstate';
import { readData, refuse, toActions } from './executable-content.ts';
import type { DocumentEvent } from './expressions.ts';
import { compileExpression } from './expressions.ts';
import type { Xml } from './xml.ts';
import { listBelow, listChildren } from './xml.ts';

/** Ids may have dots in them, which XState has for paths. */
export const toStateId = (id: string): string => id.replaceAll('.', '$');

const stateNames = ['state', 'parallel', 'final', 'history'];

const parser = new new Window().DOMParser();

/** Reads a document in SCXML as a machine of XState. @throws `NoForm` for what has none there */
export function toMachine(text: string): AnyStateMachine {
  const document = parser.parseFromString(text.replace(/<\?xml[^>]*\?>/, ''), 'text/xml' as never);
  const root = [...document.children].find(({ localName }) => localName === 'scxml');
  return root ? build(root as unknown as Xml) : refuse('a document without <scxml>');
}

let made = 0;

function build(root: Xml): AnyStateMachine {
  const names = new Map<Xml, string>();
  const data = listBelow(root, 'data');
  const initials = data.map(element => {
    if (element.hasAttribute('src')) return refuse('<data src>');
    const expression = element.getAttribute('expr') ?? (element.textContent ?? '').trim();
    return [element.getAttribute('id') ?? '', expression === '' ? () => undefined : compileExpression(expression)] as const;
  });
  if (root.getAttribute('binding') === 'late' && data.length > 0) return refuse('late binding');
  const toContext = ({ input }: { readonly input?: object | undefined }): object => {
    const context: Record<string, unknown> = {};
    for (const [name, run] of initials) context[name] = input && name in input ? (input as Record<string, unknown>)[name] : run(context, { type: 'xstate.init' });
    return context;
  };
  const config = toState(root, names);
  const scripts = { children: listChildren(root, 'script') };
  return createMachine({ ...config, id: `scxml-${++made}`, context: toContext, entry: [...toActions(scripts), ...(config['entry'] as unknown[])] } as never) as AnyStateMachine;
}

function nameOf(element: Xml, names: Map<Xml, string>): string {
  const id = element.getAttribute('id');
  if (id) return toStateId(id);
  let name = names.get(element);
  if (name === undefined) names.set(element, (name = `unnamed${names.size}`));
  return name;
}

function toState(element: Xml, names: Map<Xml, string>): Record<string, unknown> {
  const states = listChildren(element, ...stateNames);
  const name = nameOf(element, names);
  if (element.localName === 'history') return toHistory(element, name);
  const entry = listChildren(element, 'onentry').flatMap(toActions);
  const exit = listChildren(element, 'onexit').flatMap(toActions);
  const [donedata] = listChildren(element, 'donedata');
  const output = donedata && readData(donedata);
  return {
    ...(element.localName === 'scxml' ? {} : { id: name }),
    ...(element.localName === 'parallel' ? { type: 'parallel' } : element.localName === 'final' ? { type: 'final', ...(output && { output }) } : {}),
    entry, exit,
    ...toTransitions(element),
    invoke: listChildren(element, 'invoke').map(toInvoke),
    ...(states.some(state => state.localName !== 'history') && element.localName !== 'parallel' ? { initial: toInitial(element, states, names) } : {}),
    states: Object.fromEntries(states.map(state => [nameOf(state, names), toState(state, names)])),
  };
}

function toHistory(element: Xml, id: string): Record<string, unknown> {
  const [transition] = listChildren(element, 'transition');
  if (transition && transition.children.length > 0) return refuse('actions of a history');
  const targets = toTargets(transition?.getAttribute('target'));
  return { id, type: 'history', history: element.getAttribute('type') === 'deep' ? 'deep' : 'shallow', ...(targets && { target: targets.length === 1 ? targets[0] : targets }) };
}

function toInitial(element: Xml, states: readonly Xml[], names: Map<Xml, string>): unknown {
  const [initial] = listChildren(element, 'initial');
  const [transition] = initial ? listChildren(initial, 'transition') : [];
  const wanted = (transition?.getAttribute('target') ?? element.getAttribute('initial'))?.trim();
  const first = states.find(({ localName }) => localName !== 'history') as Xml;
  const child = wanted ? states.find(state => state.getAttribute('id') === wanted) : first;
  if (!child) return refuse('an initial state that is no child');
  const target = nameOf(child, names);
  return transition && transition.children.length > 0 ? { target, actions: toActions(transition) } : target;
}

const toTargets = (target: string | null | undefined): string[] | undefined => target?.trim().split(/\s+/).map(id => `#${toStateId(id)}`);

/** `foo`, `foo.`, `foo.*`: an event, and all whose name begins with it. */
function toDescriptor(descriptor: string): string {
  const name = descriptor.replace(/\.\*?$/, '');
  if (name === '*') return '*';
  if (/^done\.invoke(\.|$)/.test(name)) return name.replace(/^done\.invoke/, 'xstate.done.actor') + (name === 'done.invoke' ? '.*' : '');
  if (/^done\.state(\.|$)/.test(name)) return `xstate.${toStateIdOfDone(name)}${name === 'done.state' ? '.*' : ''}`;
  return `${name}.*`;
}
const toStateIdOfDone = (name: string): string => name.replace(/^(done\.state\.)(.*)$/, (_, start: string, id: string) => `${start}${toStateId(id)}`);

function toTransitions(element: Xml): { readonly on: Record<string, object[]>; readonly always: object[] } {
  const on: Record<string, object[]> = {};
  const always: object[] = [];
  for (const transition of listChildren(element, 'transition')) {
    const target = toTargets(transition.getAttribute('target'));
    const cond = transition.getAttribute('cond');
    const one = {
      ...(target && { target, reenter: transition.getAttribute('type') !== 'internal' }),
      ...(cond ? { guard: toGuard(cond) } : {}),
      actions: toActions(transition),
    };
    const events = transition.getAttribute('event');
    if (events === null) always.push(one);
    else for (const descriptor of new Set(events.trim().split(/\s+/).map(toDescriptor))) (on[descriptor] ??= []).push(one);
  }
  return { on, always };
}

function toGuard(cond: string): unknown {
  const parts = cond.split('&&').map(part => /^\s*(!?)\s*In\(\s*['"]([^'"]+)['"]\s*\)\s*$/.exec(part));
  if (parts.every(part => part !== null)) {
    const guards = parts.map(part => (part?.[1] === '!' ? not(stateIn(`#${toStateId(part[2] ?? '')}`)) : stateIn(`#${toStateId(part?.[2] ?? '')}`)));
    return guards.length === 1 ? guards[0] : and(guards as never);
  }
  if (/\bIn\(/.test(cond)) return refuse('In() in an expression');
  const holds = compileExpression(cond);
  return ({ context, event }: { readonly context: object; readonly event: DocumentEvent }) => {
    try {
      return Boolean(holds(context, event));
    } catch {
      return false;
    }
  };
}

function toInvoke(element: Xml): object {
  const [content] = listChildren(element, 'content');
  const [child] = content ? listChildren(content, 'scxml') : [];
  if (!child || element.hasAttribute('idlocation') || element.getAttribute('autoforward') === 'true' || listChildren(element, 'finalize').length > 0) return refuse('this <invoke>');
  const input = readData({ children: [...element.children].filter(one => one !== content), getAttribute: (name: string) => element.getAttribute(name) });
  const id = element.getAttribute('id');
  return { src: build(child), ...(id && { id }), ...(input && { input }) };
}
