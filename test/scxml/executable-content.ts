import { assign, cancel, enqueueActions, log, raise, sendParent, sendTo } from 'xstate';
import type { DocumentEvent } from './expressions.ts';
import { compileExpression, compileStatements, parseDelay } from './expressions.ts';
import type { Xml } from './xml.ts';
import { listChildren } from './xml.ts';

/** Something that this converter, or XState, has no form for. */
export class NoForm extends Error {}

interface Args {
  readonly context: object;
  readonly event: DocumentEvent;
}
type Action = unknown;
type Enqueue = ((action: Action) => void) & { raise(event: object): void; assign(values: object): void };

const attribute = (element: Pick<Xml, 'getAttribute'>, name: string): string | undefined => element.getAttribute(name) ?? undefined;
const need = (element: Xml, name: string): string => attribute(element, name) ?? refuse(`<${element.localName}> without ${name}`);

export function refuse(what: string): never {
  throw new NoForm(what);
}

/** An attribute, or what the expression in `<name>expr` comes to. */
function readEither(element: Xml, name: string): ((args: Args) => string) | undefined {
  const text = attribute(element, name);
  if (text !== undefined) return () => text;
  const expression = attribute(element, `${name}expr`);
  if (expression === undefined) return undefined;
  const run = compileExpression(expression);
  return ({ context, event }) => String(run(context, event));
}

/** What `namelist`, `<param>` and `<content>` give to an event, an invoked machine or `<donedata>`. */
export function readData(element: Pick<Xml, 'children' | 'getAttribute'>): ((args: Args) => unknown) | undefined {
  const [content] = listChildren(element, 'content');
  if (content) {
    const expression = attribute(content, 'expr');
    if (expression === undefined) {
      const text = (content.textContent ?? '').trim().replaceAll(/\s+/g, ' ');
      return () => (/^-?\d+$/.test(text) ? Number(text) : text);
    }
    const run = compileExpression(expression);
    return ({ context, event }) => run(context, event);
  }
  const parts = [
    ...(attribute(element, 'namelist')?.trim().split(/\s+/).map(name => [name, compileExpression(name)] as const) ?? []),
    ...listChildren(element, 'param').map(param => [need(param, 'name'), compileExpression(attribute(param, 'expr') ?? need(param, 'location'))] as const),
  ];
  if (parts.length === 0) return undefined;
  return ({ context, event }) => Object.fromEntries(parts.map(([name, run]) => [name, run(context, event)]));
}

/** The actions of a block of executable content. */
export const toActions = (parent: Pick<Xml, 'children'> | undefined): Action[] => (parent ? [...parent.children].map(toAction) : []);

function toAction(element: Xml): Action {
  switch (element.localName) {
    case 'raise':
      return raise({ type: need(element, 'event') });
    case 'log':
      return log('log');
    case 'cancel': {
      const id = readEither(element, 'sendid');
      return cancel(((args: Args) => id?.(args) ?? '') as never);
    }
    case 'assign':
      return toAssign(element);
    case 'script':
      if (element.hasAttribute('src')) return refuse('<script src>');
      return change(compileStatements(element.textContent ?? ''));
    case 'send':
      return toSend(element);
    case 'if':
      return toChoice(element);
    case 'foreach':
      return toLoop(element);
    default:
      return refuse(`<${element.localName}>`);
  }
}

/** Data that change, or `error.execution`. */
const change = (run: (context: object, event: DocumentEvent) => object): Action =>
  enqueueActions(({ context, event, enqueue }) => {
    let values: object;
    try {
      values = run(context, event);
    } catch {
      return enqueue.raise({ type: 'error.execution' } as never);
    }
    enqueue.assign(values as never);
  });

function toAssign(element: Xml): Action {
  const location = need(element, 'location');
  const expression = attribute(element, 'expr') ?? (element.textContent ?? '').trim();
  if (location.startsWith('_')) return raise({ type: 'error.execution' });
  const value = compileExpression(expression === '' ? 'undefined' : expression);
  const put = compileStatements(`${location} = $value`);
  const [name = ''] = location.split(/[.[]/);
  return change((context, event) => {
    if (!(name in context)) throw new ReferenceError(name);
    const $value = value(context, event);
    return location === name ? { [name]: $value } : put(context, event, { $value });
  });
}

function toSend(element: Xml): Action {
  const [type, target, delay, data] = [readEither(element, 'event'), readEither(element, 'target'), readEither(element, 'delay'), readData(element)];
  if (element.hasAttribute('idlocation')) return refuse('idlocation');
  const kind = attribute(element, 'type') ?? attribute(element, 'typeexpr');
  if (kind !== undefined && !/scxml|SCXMLEventProcessor/.test(kind)) return refuse(`<send type="${kind}">`);
  const toEvent = (args: unknown): never => ({ type: type?.(args as Args) ?? '', ...(data && { data: data(args as Args) }) }) as never;
  const options = { ...(delay && { delay: (args: unknown) => parseDelay(delay(args as Args)) }), ...(element.hasAttribute('id') && { id: need(element, 'id') }) } as never;
  const where = attribute(element, 'target');
  if (target && where === undefined) return refuse('targetexpr');
  if (where === '#_internal') return raise(toEvent, options);
  if (where === '#_parent') return sendParent(toEvent, options);
  if (where?.startsWith('#_') && !where.startsWith('#_scxml')) return sendTo(where.slice(2), toEvent, options);
  if (where !== undefined && where !== '') return refuse(`<send target="${where}">`);
  return sendTo(({ self }) => self, toEvent, options);
}

function toChoice(element: Xml): Action {
  const branches: { readonly holds: (context: object, event: DocumentEvent) => unknown; readonly actions: Action[] }[] = [{ holds: compileExpression(need(element, 'cond')), actions: [] }];
  for (const child of element.children) {
    if (child.localName === 'elseif') branches.push({ holds: compileExpression(need(child, 'cond')), actions: [] });
    else if (child.localName === 'else') branches.push({ holds: () => true, actions: [] });
    else branches.at(-1)?.actions.push(toAction(child));
  }
  return enqueueActions(({ context, event, enqueue }) => {
    for (const action of branches.find(({ holds }) => holds(context, event))?.actions ?? []) (enqueue as unknown as Enqueue)(action);
  });
}

function toLoop(element: Xml): Action {
  const list = compileExpression(need(element, 'array'));
  const [item, index] = [need(element, 'item'), attribute(element, 'index')];
  const actions = toActions(element);
  return enqueueActions(({ context, event, enqueue }) => {
    let items: unknown;
    try {
      items = list(context, event);
    } catch {
      items = undefined;
    }
    if (!Array.isArray(items) || !/^[\w$]+$/.test(item)) return enqueue.raise({ type: 'error.execution' } as never);
    items.forEach((value: unknown, position) => {
      enqueue(assign({ [item]: value, ...(index !== undefined && { [index]: position }) } as never) as never);
      for (const action of actions) (enqueue as unknown as Enqueue)(action);
    });
  });
}
