import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { escapeQuoted, escapeTail } from './escape-label.ts';

type Transition = AnyStateNode['transitions'] extends Map<string, infer List> ? (List extends readonly (infer One)[] ? One : never) : never;

function nameState(node: AnyStateNode): string {
  return node.path.map(part => part.replace(/[^A-Za-z0-9]+/g, '_')).join('__');
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string') return value.type;
  return typeof value === 'function' ? value.name || 'inline' : 'inline';
}

function renderLabel(transition: Transition): string {
  const guard = transition.guard === undefined ? '' : ` [${nameOf(transition.guard)}]`;
  const actions = transition.actions.length > 0 ? ` / ${transition.actions.map(nameOf).join(', ')}` : '';
  return escapeTail(`${transition.eventType || 'always'}${guard}${actions}`);
}

const isInside = (node: AnyStateNode, ancestor: AnyStateNode): boolean =>
  node.path.length > ancestor.path.length && ancestor.path.every((part, index) => node.path[index] === part);

const children = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

/** Whether the state itself always answers the event, so that an ancestor's transition for it is never reached. */
function overrides(node: AnyStateNode, eventType: string): boolean {
  return (node.transitions.get(eventType) ?? []).some(({ guard }) => guard === undefined);
}

/**
 * Transitions as they can be drawn: one of an ancestor that cannot be drawn from the ancestor itself (it is the root, or
 * leads into its own inside) is drawn from each state it is reached from.
 */
function listTransitions(node: AnyStateNode): Transition[] {
  const own = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  const drawnHere = own.filter(({ target }) => children(node).length === 0 || !(target ?? []).some(state => isInside(state, node)));
  const inherited: Transition[] = [];
  if (node.type !== 'final') {
    for (let above = node.parent; above; above = above.parent) {
      const ancestor = above;
      inherited.push(...[...ancestor.transitions.values()].flat().filter(({ target, eventType }) =>
        (ancestor.parent === undefined || (target ?? []).some(state => isInside(state, ancestor))) && !overrides(node, eventType)));
    }
  }
  const reachable = children(node).length > 0 ? [] : inherited;
  return [...drawnHere, ...reachable];
}

/** What happens inside a state: entry, exit, transitions that stay. A state with states inside can only hold it in a note. */
function renderInner(node: AnyStateNode, indent: string): string[] {
  const texts = [
    ...node.entry.map(action => `entry / ${escapeTail(nameOf(action))}`),
    ...node.exit.map(action => `exit / ${escapeTail(nameOf(action))}`),
    ...listTransitions(node).filter(({ target }) => !target?.length).map(renderLabel),
  ];
  const name = nameState(node);
  if (texts.length === 0 || children(node).length === 0) return texts.map(text => `${indent}${name} : ${text}`);
  return [`${indent}note right of ${name}`, ...texts.map(text => `${indent}  ${text}`), `${indent}end note`];
}

/** An arrow cannot end at a state around its own beginning: it ends where that state begins. */
function resolveTarget(source: AnyStateNode, target: AnyStateNode): AnyStateNode {
  let node = target;
  while (isInside(source, node)) {
    const inner = node.initial.target?.[0];
    if (!inner) return node;
    node = inner;
  }
  return node;
}

function renderStates(parent: AnyStateNode, indent: string): string[] {
  const lines: string[] = [];
  const parallel = parent.type === 'parallel';
  for (const state of parallel ? [] : (parent.initial.target ?? [])) lines.push(`${indent}[*] --> ${nameState(state)}`);
  for (const [index, node] of children(parent).entries()) {
    const name = nameState(node);
    if (parallel && index > 0) lines.push(`${indent}--`);
    if (node.type === 'history') {
      lines.push(`${indent}state "${escapeQuoted(`history of ${parent.key}`)}" as ${name}`);
      continue;
    }
    lines.push(`${indent}state "${escapeQuoted(node.key)}" as ${name}`);
    if (children(node).length > 0) lines.push(`${indent}state ${name} {`, ...renderStates(node, `${indent}  `), `${indent}}`);
    lines.push(...renderInner(node, indent));
    if (node.type === 'final') lines.push(`${indent}${name} --> [*]`);
  }
  return lines;
}

function renderTransitions(parent: AnyStateNode): string[] {
  return children(parent).flatMap(node => [
    ...(node.type === 'history' ? [] : listTransitions(node).flatMap(transition =>
      (transition.target ?? []).map(target => `  ${nameState(node)} --> ${nameState(resolveTarget(node, target))} : ${renderLabel(transition)}`))),
    ...renderTransitions(node),
  ]);
}

/**
 * Draws an XState machine as a Mermaid state diagram: arrows are `event [guard] / actions`; transitions that leave the
 * state as it is stand inside the state.
 */
export function renderStateDiagram(machine: AnyStateMachine): string {
  return `${['stateDiagram-v2', ...renderStates(machine.root, '  '), ...renderTransitions(machine.root)].join('\n')}\n`;
}
