import { compileProgram } from '../definition/expression-engine.ts';

/** What expressions take a value for: found in how they use it. */
export interface Shape {
  readonly kinds: Set<'boolean' | 'list' | 'number' | 'text'>;
  /** Constants it is compared with. */
  readonly literals: Set<boolean | number | string>;
  /** Members by name; `[]` is the member of a list. */
  readonly members: Map<string, Shape>;
}

/** Where a value is, from `input` or `steps`; `[]` stands for the members of a list. */
export type ValuePath = readonly string[];

interface SyntaxNode {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly SyntaxNode[];
  readonly [key: string]: unknown;
}

const element = '[]';
type Kind = 'boolean' | 'list' | 'number' | 'text';

/** What the first value handed to a function of JSONata is. */
const firstArguments: Readonly<Record<string, Kind>> = {
  sum: 'list', count: 'list', max: 'list', min: 'list', average: 'list', join: 'list', sort: 'list', map: 'list', filter: 'list', reduce: 'list', distinct: 'list', reverse: 'list', zip: 'list', append: 'list', single: 'list',
  substring: 'text', substringBefore: 'text', substringAfter: 'text', lowercase: 'text', uppercase: 'text', length: 'text', trim: 'text', pad: 'text', match: 'text', contains: 'text', replace: 'text', split: 'text', toMillis: 'text',
  formatNumber: 'number', floor: 'number', ceil: 'number', round: 'number', abs: 'number', sqrt: 'number', power: 'number', fromMillis: 'number',
};
const numericLists: ReadonlySet<string> = new Set(['sum', 'max', 'min', 'average']);

export const createShape = (): Shape => ({ kinds: new Set(), literals: new Set(), members: new Map() });

/** The part of a shape at a path; made when it is not there. */
export function reach(shape: Shape, path: ValuePath): Shape {
  let at = shape;
  for (const name of path) {
    let next = at.members.get(name);
    if (!next) at.members.set(name, (next = createShape()));
    if (name === element) at.kinds.add('list');
    at = next;
  }
  return at;
}

/** Where `item` and the outputs of the steps are. */
export interface ShapeScope {
  /** Where the members of the step's own list come from; undefined: it cannot be told. */
  readonly item: ValuePath | undefined;
  /** Whether the output of a step is a list, one for each of its items. */
  readonly isFanOut: (stepId: string) => boolean;
}

/**
 * Reads from an expression what the values are like that it uses, and adds that to `shape`.
 *
 * @returns where its own value comes from, if it is one it reads
 */
export function readShape(source: string, shape: Shape, scope: ShapeScope): ValuePath | undefined {
  let tree: unknown;
  try {
    ({ tree } = compileProgram(source));
  } catch {
    return undefined;
  }
  return new Reader(shape, scope).visit(tree as SyntaxNode, []);
}

const isNode = (value: unknown): value is SyntaxNode => typeof value === 'object' && value !== null && !Array.isArray(value);
const toNodes = (value: unknown): SyntaxNode[] => (Array.isArray(value) ? value.filter(isNode) : []);

function toLiteral(node: unknown): boolean | number | string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'string' || node.type === 'number') return node.value as string | number;
  return node.type === 'value' && typeof node.value === 'boolean' ? node.value : undefined;
}

class Reader {
  readonly #shape: Shape;
  readonly #scope: ShapeScope;
  readonly #variables = new Map<string, ValuePath | undefined>();
  /** Functions that the expression gives a name; by themselves they see nothing. */
  readonly #functions = new Map<string, SyntaxNode>();
  #depth = 0;

  constructor(shape: Shape, scope: ShapeScope) {
    this.#shape = shape;
    this.#scope = scope;
  }

  /** @param context where the value is that names are members of; `[]` is the whole scope */
  visit(node: SyntaxNode, context: ValuePath | undefined): ValuePath | undefined {
    const path = this.#visitNode(node, context);
    return this.#visitInner(node, path);
  }

  #visitNode(node: SyntaxNode, context: ValuePath | undefined): ValuePath | undefined {
    switch (node.type) {
      case 'path':
        return this.#visitPath(node, context);
      case 'name':
        return this.#member(context, String(node.value));
      case 'variable':
        return node.value === '' || node.value === '$' ? context : this.#variables.get(String(node.value));
      case 'bind': {
        const name = String((node['lhs'] as SyntaxNode).value);
        const value = node['rhs'] as SyntaxNode;
        if (value.type === 'lambda') this.#functions.set(name, value);
        const path = this.visit(value, context);
        this.#variables.set(name, path);
        return path;
      }
      case 'block':
        return toNodes(node['expressions']).map(inner => this.visit(inner, context)).at(-1);
      case 'condition': {
        this.#mark(this.visit(node['condition'] as SyntaxNode, context), 'boolean');
        const then = this.visit(node['then'] as SyntaxNode, context);
        const other = isNode(node['else']) ? this.visit(node['else'], context) : undefined;
        return then ?? other;
      }
      case 'binary':
        return this.#visitBinary(node, context);
      case 'function':
      case 'partial':
        return this.#visitCall(node, context);
      case 'lambda':
        this.visit(node['body'] as SyntaxNode, context);
        return undefined;
      case 'unary': {
        const inner = toNodes(node['expressions']).map(one => this.visit(one, context));
        if (isNode(node['expression'])) this.visit(node['expression'], context);
        if (Array.isArray(node['lhs'])) for (const pair of node['lhs'] as unknown[][]) for (const one of toNodes(pair)) this.visit(one, context);
        // `[path]` is that list.
        return node.value === '[' && inner.length === 1 ? inner[0] : undefined;
      }
      default:
        for (const key of ['lhs', 'rhs', 'expression', 'pattern', 'update']) if (isNode(node[key])) this.visit(node[key], context);
        return undefined;
    }
  }

  #visitPath({ steps = [] }: SyntaxNode, context: ValuePath | undefined): ValuePath | undefined {
    let path = context;
    for (const [index, step] of steps.entries()) {
      if (index > 0 && path) path = this.#enter(path);
      path = this.visit(step, path);
    }
    return path;
  }

  /** Filters, places and orders are for lists; their expressions see its members. */
  #visitInner(node: SyntaxNode, path: ValuePath | undefined): ValuePath | undefined {
    const inner = [...toNodes(node['predicate']), ...toNodes(node['stages'])];
    if (inner.length === 0 && node['terms'] === undefined) return path;
    let at = path && path.length > 1 && path.at(-1) !== element ? [...path, element] : path;
    if (at && path && path.length > 1) reach(this.#shape, at);
    else at = path;
    for (const stage of inner) {
      if (stage.type === 'index') {
        if (typeof stage.value === 'string') this.#variables.set(stage.value, undefined);
        continue;
      }
      const filter = isNode(stage['expr']) ? stage['expr'] : stage;
      if (filter.type === 'number') continue;
      this.visit(filter, at);
    }
    for (const term of toNodes(node['terms'])) if (isNode(term['expression'])) this.visit(term['expression'], at);
    return at;
  }

  /** Names after a list are those of its members. */
  #enter(path: ValuePath): ValuePath {
    if (path.at(-1) === element || path.length < 2) return path;
    return reach(this.#shape, path).kinds.has('list') ? [...path, element] : path;
  }

  #member(context: ValuePath | undefined, name: string): ValuePath | undefined {
    if (!context) return undefined;
    if (context.length === 0) {
      if (name === 'item') return this.#scope.item;
      return name === 'input' || name === 'steps' ? [name] : undefined;
    }
    const path = [...context, name];
    if (context[0] === 'steps' && context.length === 2 && name === 'output' && this.#scope.isFanOut(context[1] ?? '')) {
      reach(this.#shape, [...path, element]);
      return path;
    }
    reach(this.#shape, path);
    return path;
  }

  #visitBinary(node: SyntaxNode, context: ValuePath | undefined): ValuePath | undefined {
    const operator = String(node.value);
    const [left, right] = [node['lhs'], node['rhs']].map(side => (isNode(side) ? this.visit(side, context) : undefined));
    if (operator === 'and' || operator === 'or') {
      this.#mark(left, 'boolean');
      this.#mark(right, 'boolean');
    } else if (operator === 'in') {
      const literal = toLiteral(node['lhs']);
      if (right && literal !== undefined) reach(this.#shape, [...right, element]).literals.add(literal);
      else if (right) reach(this.#shape, [...right, element]);
      for (const one of toNodes((node['rhs'] as SyntaxNode)['expressions'])) this.#compare(left, toLiteral(one));
    } else if (['=', '!=', '<', '>', '<=', '>='].includes(operator)) {
      this.#compare(left, toLiteral(node['rhs']));
      this.#compare(right, toLiteral(node['lhs']));
      if (operator.startsWith('<') || operator.startsWith('>')) for (const side of [left, right]) if (side && reach(this.#shape, side).literals.size === 0) this.#mark(side, 'number');
    } else {
      for (const side of [left, right]) this.#mark(side, operator === '&' ? 'text' : 'number');
    }
    return undefined;
  }

  #compare(path: ValuePath | undefined, literal: boolean | number | string | undefined): void {
    if (path && path.length > 0 && literal !== undefined) reach(this.#shape, path).literals.add(literal);
  }

  #visitCall(node: SyntaxNode, context: ValuePath | undefined): ValuePath | undefined {
    const name = String((node['procedure'] as SyntaxNode | undefined)?.value ?? '');
    const own = this.#functions.get(name);
    if (own) return this.#call(own, toNodes(node['arguments']), context);
    const [first, ...rest] = toNodes(node['arguments']);
    const path = first && this.visit(first, context);
    const kind = firstArguments[name];
    if (kind) this.#mark(path, kind);
    if (name === 'contains') this.#compare(path, toLiteral(rest[0]));
    if (path && numericLists.has(name)) reach(this.#shape, path.at(-1) === element || !reach(this.#shape, path).kinds.has('list') ? path : [...path, element]).kinds.add('number');
    for (const other of rest) {
      if (other.type === 'lambda') for (const parameter of toNodes(other['arguments'])) this.#variables.set(String(parameter.value), path && this.#enter(path));
      this.visit(other, context);
    }
    return ['sort', 'filter', 'reverse', 'distinct'].includes(name) ? path : undefined;
  }

  #call(called: SyntaxNode, given: readonly SyntaxNode[], context: ValuePath | undefined): ValuePath | undefined {
    for (const [index, parameter] of toNodes(called['arguments']).entries()) {
      const value = given[index];
      this.#variables.set(String(parameter.value), value && this.visit(value, context));
    }
    if (this.#depth >= 4) return undefined;
    this.#depth++;
    const path = this.visit(called['body'] as SyntaxNode, context);
    this.#depth--;
    return path;
  }

  #mark(path: ValuePath | undefined, kind: Kind): void {
    if (!path || path.length < 1) return;
    const shape = reach(this.#shape, path);
    // What is summed up, or sorted, may be what several members of a list have.
    if (kind === 'list' && path.includes(element)) return;
    shape.kinds.add(kind);
    if (kind === 'list') reach(shape, [element]);
  }
}
