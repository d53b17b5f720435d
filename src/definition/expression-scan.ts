/** A node of JSONata's syntax tree, as far as it is looked at here. */
interface SyntaxNode {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly SyntaxNode[];
  readonly stages?: readonly { readonly expr?: SyntaxNode }[];
  readonly focus?: string;
  readonly index?: string;
  readonly [key: string]: unknown;
}

/** What an expression reads, found in its syntax tree without evaluating it. */
export interface ExpressionReads {
  /** Ids after `steps.`. */
  readonly steps: ReadonlySet<string>;
  /** It reads `steps` as a whole: any step upstream. */
  readonly allSteps: boolean;
  /** It is a function, and reads the steps in `depends_on`. */
  readonly dependencies: boolean;
  /** First names that are none of `input`, `steps`, `item`, `index`. */
  readonly unknownNames: ReadonlySet<string>;
  /** Names after `steps.<id>.` other than those of `stepFields`. */
  readonly unknownFields: ReadonlySet<string>;
  /** `$names` that are bound nowhere. */
  readonly unknownVariables: ReadonlySet<string>;
  readonly readsItem: boolean;
  /** Ids after `steps.` that are followed by `.artifacts`. */
  readonly artifactsOf: ReadonlySet<string>;
  /** What is read of outputs: the id of a step, then the names that follow `output`, as far as they are names. */
  readonly outputPaths: readonly (readonly string[])[];
}

/** Names an expression can begin with. */
export const rootNames = ['input', 'steps', 'item', 'index'] as const;

/** What a step shows to expressions. */
export const stepFields = ['output', 'status', 'artifacts'] as const;

/** JSONata's own functions, without `$eval`: text becomes no program here. */
export const functionNames = [
  'sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore', 'substringAfter', 'lowercase', 'uppercase', 'length',
  'trim', 'pad', 'match', 'contains', 'replace', 'split', 'join', 'formatNumber', 'formatBase', 'formatInteger', 'parseInteger', 'number',
  'floor', 'ceil', 'round', 'abs', 'sqrt', 'power', 'random', 'boolean', 'not', 'map', 'zip', 'filter', 'single', 'reduce', 'sift', 'keys',
  'lookup', 'append', 'exists', 'spread', 'merge', 'reverse', 'each', 'error', 'assert', 'type', 'sort', 'shuffle', 'distinct',
  'base64encode', 'base64decode', 'encodeUrlComponent', 'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'toMillis', 'fromMillis', 'clone',
  'now', 'millis',
] as const;

const knownFunctions: ReadonlySet<string> = new Set(functionNames);

/** Finds what an expression reads. `tree` is what JSONata's `ast()` gives. */
export function scanExpression(tree: unknown): ExpressionReads {
  const scan = new Scan();
  scan.collectBound(tree as SyntaxNode);
  scan.visit(tree as SyntaxNode, true);
  return scan;
}

const isNode = (value: unknown): value is SyntaxNode => typeof value === 'object' && value !== null;

class Scan implements ExpressionReads {
  readonly steps = new Set<string>();
  allSteps = false;
  readonly dependencies = false;
  readonly unknownNames = new Set<string>();
  readonly unknownFields = new Set<string>();
  readonly unknownVariables = new Set<string>();
  readsItem = false;
  readonly artifactsOf = new Set<string>();
  readonly outputPaths: string[][] = [];
  readonly #bound = new Set<string>();
  /** Nodes that were looked at: `a ?: b` has `a` in it twice, and so on in each that is in another. */
  readonly #collected = new Set<object>();
  readonly #visited = { atRoot: new Set<object>(), within: new Set<object>() };

  /** Notes every variable that is bound anywhere: by `:=`, as a parameter, by `@` and `#`. */
  collectBound(node: unknown): void {
    if (Array.isArray(node)) {
      for (const inner of node) this.collectBound(inner);
      return;
    }
    if (!isNode(node) || this.#collected.has(node)) return;
    this.#collected.add(node);
    if (node.type === 'bind') this.#bind(node['lhs']);
    if (node.type === 'lambda') for (const parameter of toNodes(node['arguments'])) this.#bind(parameter);
    for (const name of [node.focus, node.index]) if (typeof name === 'string') this.#bound.add(name);
    for (const inner of Object.values(node)) if (typeof inner === 'object') this.collectBound(inner);
  }

  #bind(node: unknown): void {
    if (isNode(node) && typeof node.value === 'string') this.#bound.add(node.value);
  }

  /** `atRoot`: the context value is the whole scope, so a name is one of `rootNames`. */
  visit(node: unknown, atRoot: boolean): void {
    if (Array.isArray(node)) {
      for (const inner of node) this.visit(inner, atRoot);
      return;
    }
    if (!isNode(node)) return;
    const visited = this.#visited[atRoot ? 'atRoot' : 'within'];
    if (visited.has(node)) return;
    visited.add(node);
    switch (node.type) {
      case 'path':
        this.#visitPath(node, atRoot);
        return;
      case 'variable':
        this.#visitVariable(node, atRoot);
        return;
      case 'name':
        if (atRoot) this.#visitName(node, []);
        this.#visitInner(node);
        return;
      case 'parent':
        this.allSteps = true;
        return;
      case 'wildcard':
      case 'descendant':
        if (atRoot) this.allSteps = true;
        this.#visitInner(node);
        return;
      case 'transform':
        this.visit(node['pattern'], false);
        this.visit(node['update'], false);
        this.visit(node['delete'], false);
        return;
      default:
        for (const [key, inner] of Object.entries(node)) {
          const bindsName = (node.type === 'bind' && key === 'lhs') || (node.type === 'lambda' && key === 'arguments');
          if (bindsName || key === 'group' || key === 'stages' || key === 'predicate') continue;
          if (typeof inner === 'object') this.visit(inner, atRoot);
        }
        this.#visitInner(node);
    }
  }

  /** Filters, groups and sort terms see one value of the path, not the whole scope. */
  #visitInner(node: SyntaxNode): void {
    for (const key of ['stages', 'predicate', 'group', 'terms']) this.visit(node[key], false);
  }

  #visitPath(node: SyntaxNode, atRoot: boolean): void {
    const [first, ...rest] = node.steps ?? [];
    if (first === undefined) return;
    const isContext = first.type === 'variable' && (first.value === '$' || (first.value === '' && atRoot));
    if (isContext && rest[0]?.type === 'name' && !first.stages) {
      this.#visitName(rest[0], rest.slice(1));
      this.#visitInner(rest[0]);
    } else if (atRoot && first.type === 'name') {
      this.#visitName(first, rest);
      this.#visitInner(first);
    } else {
      this.visit(first, atRoot);
    }
    for (const step of rest) this.visit(step, false);
    this.#visitInner(node);
  }

  /** A first name, with the steps of the path that follow it. */
  #visitName(node: SyntaxNode, rest: readonly SyntaxNode[]): void {
    const name = String(node.value);
    if (name === 'item' || name === 'index') this.readsItem = true;
    else if (name === 'steps') this.#visitSteps(node, rest);
    else if (name !== 'input') this.unknownNames.add(name);
  }

  #visitSteps(node: SyntaxNode, rest: readonly SyntaxNode[]): void {
    const [step, field, ...parts] = rest;
    if (step?.type !== 'name' || node.stages) {
      this.allSteps = true;
      return;
    }
    this.steps.add(String(step.value));
    if (field?.type === 'name' && field.value === 'artifacts') this.artifactsOf.add(String(step.value));
    if (field?.type === 'name' && field.value === 'output') {
      const end = parts.findIndex(part => part.type !== 'name');
      this.outputPaths.push([String(step.value), ...parts.slice(0, end < 0 ? undefined : end).map(part => String(part.value))]);
    }
    const known: readonly unknown[] = stepFields;
    if (field?.type === 'name' && !known.includes(field.value)) this.unknownFields.add(String(field.value));
  }

  #visitVariable(node: SyntaxNode, atRoot: boolean): void {
    const name = String(node.value);
    if (name === '$' || (name === '' && atRoot)) this.allSteps = true;
    else if (name !== '' && !knownFunctions.has(name) && !this.#bound.has(name)) this.unknownVariables.add(name);
    this.#visitInner(node);
  }
}

function toNodes(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
