import type { Expression } from './expression.ts';
import { tooLarge } from './expression-result.ts';
import { isObject } from './outline.ts';
import type { CompiledValue, ExpressionScope, RecordedValues } from './plan.ts';
import { hasExpression, parseBareExpression, parseTemplate, type Template, type TemplateCache } from './template.ts';

type Evaluate = (scope: ExpressionScope, recorded: RecordedValues) => Promise<unknown>;

/** Upstream steps that may be meant: `all`, when an expression reads `steps` as a whole; `direct`, the ones a function sees. */
export type ListUpstream = (which: 'all' | 'direct') => readonly string[];

/** Compiles a value of a checked definition: every text in it that holds an expression becomes what that gives. */
export function compileValue(value: unknown, cache: TemplateCache, listUpstream: ListUpstream): CompiledValue {
  const expressions: Expression[] = [];
  const evaluate = compile(value, cache, expressions);
  return finish(value, evaluate, expressions, listUpstream);
}

/** Compiles `when`: gives what its one expression gives. */
export function compileCondition(value: unknown, cache: TemplateCache, listUpstream: ListUpstream): CompiledValue {
  if (typeof value === 'boolean') return finish(value, undefined, [], listUpstream);
  const { evaluate, expressions } = compileBare(String(value), cache);
  return finish(undefined, evaluate, expressions, listUpstream);
}

/** Compiles `for_each`: gives a list; no value is an empty list, any other value a list of that one. */
export function compileList(value: unknown, cache: TemplateCache, listUpstream: ListUpstream): CompiledValue {
  if (typeof value !== 'string') return compileValue(value, cache, listUpstream);
  const { evaluate, expressions } = compileBare(value, cache);
  return finish(undefined, async (scope, recorded) => toList(await evaluate(scope, recorded)), expressions, listUpstream);
}

function compileBare(text: string, cache: TemplateCache): { evaluate: Evaluate; expressions: Expression[] } {
  const expressions: Expression[] = [];
  return { evaluate: compileTemplate(parseBareExpression(text, cache), expressions), expressions };
}

function finish(value: unknown, evaluate: Evaluate | undefined, expressions: readonly Expression[], listUpstream: ListUpstream): CompiledValue {
  if (!evaluate) return { constant: true, value, references: [], artifactsOf: [], evaluate: () => Promise.resolve(value) };
  const references = new Set<string>();
  const artifactsOf = new Set<string>();
  for (const { reads } of expressions) {
    for (const id of reads.allSteps ? listUpstream('all') : reads.dependencies ? listUpstream('direct') : reads.steps) references.add(id);
    for (const id of reads.artifactsOf) artifactsOf.add(id);
  }
  return { constant: false, value: undefined, references: [...references], artifactsOf: [...artifactsOf], evaluate };
}

/** Returns undefined for a value without expressions. */
function compile(value: unknown, cache: TemplateCache, expressions: Expression[]): Evaluate | undefined {
  if (typeof value === 'string') {
    return hasExpression(value) ? compileTemplate(parseTemplate(value, cache), expressions) : undefined;
  }
  if (Array.isArray(value)) return compileMembers(value, cache, expressions);
  return isObject(value) ? compileProperties(value, cache, expressions) : undefined;
}

function compileMembers(list: readonly unknown[], cache: TemplateCache, expressions: Expression[]): Evaluate | undefined {
  const members = list.map(member => compile(member, cache, expressions));
  if (members.every(member => member === undefined)) return undefined;
  return async (scope, recorded) => {
    const result: unknown[] = [];
    for (const [position, member] of members.entries()) result.push(member ? await member(scope, recorded) : list[position]);
    return result;
  };
}

function compileProperties(object: { readonly [key: string]: unknown }, cache: TemplateCache, expressions: Expression[]): Evaluate | undefined {
  const members = Object.entries(object).map(([key, member]) => [key, member, compile(member, cache, expressions)] as const);
  if (members.every(([, , evaluate]) => evaluate === undefined)) return undefined;
  return async (scope, recorded) => {
    const entries: [string, unknown][] = [];
    for (const [key, member, evaluate] of members) entries.push([key, evaluate ? await evaluate(scope, recorded) : member]);
    return Object.fromEntries(entries);
  };
}

/** A text that is one expression gives its value; any other gives a text. */
function compileTemplate({ parts }: Template, expressions: Expression[]): Evaluate {
  for (const part of parts) if (typeof part !== 'string') expressions.push(part.expression);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string') return only.expression.evaluate;
  return async (scope, recorded) => {
    let text = '';
    for (const part of parts) {
      text += typeof part === 'string' ? part : toText(await part.expression.evaluate(scope, recorded));
      if (text.length > recorded.room.maxBytes) throw tooLarge(recorded.room.maxBytes);
    }
    return text;
  };
}

/** No value is an empty text; lists and objects are written as JSON. */
function toText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function toList(value: unknown): readonly unknown[] {
  if (value === null) return [];
  return Array.isArray(value) ? value : [value];
}
