/** What the expressions of a document see of the event that is taken. */
export interface DocumentEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly output?: unknown;
}

const toName = (type: string): string => type.replace(/^xstate\.done\.actor\./, 'done.invoke.').replace(/^xstate\.(done\.state\.)/, '$1').replace(/^xstate\.error\.actor\./, 'error.');

const toScope = (event: DocumentEvent): object | undefined => (event.type === 'xstate.init' ? undefined : { name: toName(event.type), data: event.data ?? event.output });

/** An expression of the data model, in ECMAScript: the data are its variables. */
export function compileExpression(text: string): (context: object, event: DocumentEvent) => unknown {
  const run = new Function('context', '_event', `with (context) { return (${text}\n); }`) as (context: object, event: unknown) => unknown;
  return (context, event) => run(context, toScope(event));
}

const copyDeep = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copyDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyDeep(part)]));
};

/** Statements that change the data: they are given a copy, which is the data from then on. Variables they declare belong to the data. */
export function compileStatements(text: string): (context: object, event: DocumentEvent, more?: object) => Record<string, unknown> {
  const code = text.replaceAll(/\bvar\s+(?=[\w$])/g, '');
  const run = new Function('scope', '_event', `with (scope) { ${code}\n }`) as (scope: object, event: unknown) => void;
  return (context, event, more = {}) => {
    const copy = copyDeep(context) as Record<string, unknown>;
    const scope = new Proxy(copy, {
      has: (target, key) => typeof key === 'string' && key !== '_event' && (key in target || key in more || !(key in globalThis)),
      get: (target, key) => (typeof key === 'symbol' ? undefined : key in more ? (more as Record<string, unknown>)[key] : target[key]),
    });
    run(scope, toScope(event));
    return copy;
  };
}

/** `1s`, `.5s`, `10ms`: ms. */
export function parseDelay(text: string): number {
  const [, amount = '0', unit] = /^\s*\+?([\d.]+)\s*(ms|s)?\s*$/.exec(text) ?? [];
  return Number(amount) * (unit === 's' ? 1_000 : 1);
}
