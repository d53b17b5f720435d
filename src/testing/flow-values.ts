import { evaluatorProcess } from '../evaluator/evaluator.ts';
import { isDeepStrictEqual } from 'node:util';
import { toJsonSchema } from '../core/schema-json.ts';
import { createSeededRandom } from '../core/ids.ts';
import { validate } from '../core/standard-schema.ts';
import { compileCondition, compileList, compileValue } from '../definition/compile-value.ts';
import { validateInput } from '../definition/input-schema.ts';
import type { CompiledValue, FlowPlan, PlannedStep } from '../definition/plan.ts';
import { hasExpression, parseBareExpression, parseTemplate, TemplateCache } from '../definition/template.ts';
import { readFunctions, readReference } from '../definition/value-function.ts';
import type { Tool } from '../kinds/flows/tool.ts';
import type { Shape, ValuePath } from './expression-shape.ts';
import { createShape, reach, readShape } from './expression-shape.ts';
import { readFunctionShape } from './function-shape.ts';
import { modelStart } from './flow-model.ts';
import type { Known } from './sample-value.ts';
import { listCandidates, sampleValue, toMember } from './sample-value.ts';

/** Values the author gives: a list each, of which the first is the usual one. */
export interface FlowExamples {
  /** Inputs of the flow. */
  readonly input?: readonly unknown[];
  /** Outputs, by the id of a step or by what it uses (`tool:balance`); of a `for_each` step those of one item. */
  readonly outputs?: { readonly [stepOrUses: string]: readonly unknown[] };
}

/** What the world outside a flow comes to: its input, and what every step gives when it completes. */
export interface FlowWorld {
  readonly input: unknown;
  /** By step id; of a `for_each` step that of each item. */
  readonly outputs: { readonly [stepId: string]: unknown };
  /** Steps that fail for good. */
  readonly fails: readonly string[];
}

/** One expression of a flow. */
export interface FlowExpression {
  readonly step: PlannedStep;
  /** `when`, `for_each`, or a place in `with`: `with.amount`. */
  readonly key: string;
  readonly value: CompiledValue;
  /** What it reads. */
  readonly shape: Shape;
}

/** Whether a result is what is looked for. */
export type Accept = (result: { readonly value: unknown } | undefined, world: FlowWorld) => boolean | Promise<boolean>;

const element = '[]';
const maxTries = 400;
const timeLimitMs = 1_000;
const maxBytes = 10_000_000;

/** What a flow's expressions read, and values for it: from schemas, examples, and how the expressions use them. */
export class FlowValues {
  readonly expressions: readonly FlowExpression[];
  readonly #plan: FlowPlan;
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #examples: FlowExamples;
  readonly #shape = createShape();
  readonly #schemas = new Map<string, unknown>();

  constructor(plan: FlowPlan, tools: readonly Tool[], examples: FlowExamples = {}) {
    this.#plan = plan;
    this.#tools = new Map(tools.map(tool => [tool.name, tool]));
    this.#examples = examples;
    this.expressions = plan.steps.flatMap(step => this.#read(step));
  }

  /** @param variant 0: the usual one; 1, 2, …: as different as can be */
  createWorld(variant = 0): FlowWorld {
    const { input = [] } = this.#examples;
    const outputs = Object.fromEntries(this.#plan.steps.map(step => [step.id, this.#sampleOutput(step, variant)]));
    const sampled = this.#plan.definition.input === undefined && !this.#shape.members.has('input') ? {} : sampleValue(this.#know(['input']), variant);
    return { input: input.length > 0 ? input[variant % input.length] : sampled, outputs, fails: [] };
  }

  /** Evaluates an expression in a world, of an item the first; undefined: it fails. */
  async evaluate({ step, value, key }: FlowExpression, world: FlowWorld): Promise<{ readonly value: unknown } | undefined> {
    try {
      const input = await validateInput(this.#plan.definition, world.input, timeLimitMs);
      const item = step.forEach && key !== 'for_each' && key !== 'when' ? { item: ((await this.#run(step.forEach, world, input)) as readonly unknown[])[0] ?? null, index: 0 } : {};
      return { value: await this.#run(value, world, input, item) };
    } catch {
      return undefined;
    }
  }

  /** Looks for a world in which an expression comes to something else; undefined: none was found. */
  async find(expression: FlowExpression, from: FlowWorld, accept: Accept): Promise<FlowWorld | undefined> {
    const random = createSeededRandom(7);
    const variations = this.#listVariations(expression);
    const isWanted = async (world: FlowWorld): Promise<boolean> => (await this.isValid(world)) && (await accept(await this.evaluate(expression, world), world));
    let tries = 0;
    for (const vary of variations) {
      if (++tries > maxTries) return undefined;
      const world = vary(from);
      if (await isWanted(world)) return world;
    }
    for (; variations.length > 1 && tries < maxTries; tries++) {
      let world = from;
      for (let count = 2 + Math.floor(random.next() * 2); count > 0; count--) world = (variations[Math.floor(random.next() * variations.length)] as (typeof variations)[number])(world);
      if (await isWanted(world)) return world;
    }
    return undefined;
  }

  #read(step: PlannedStep): FlowExpression[] {
    const { definition } = this.#plan;
    const source = definition.steps[step.position] as { when?: unknown; for_each?: unknown; with?: unknown };
    const functions = readFunctions(definition);
    const cache = new TemplateCache({ run: functions, mayMiss: true });
    const listUpstream = (): string[] => this.#plan.steps.map(({ id }) => id);
    const found: FlowExpression[] = [];
    let item: ValuePath | undefined;
    const add = (key: string, value: CompiledValue, sources: readonly string[]): ValuePath | undefined => {
      const shape = createShape();
      const scope = { item: key === 'when' || key === 'for_each' ? undefined : item, isFanOut: (id: string) => this.#getStep(id)?.forEach != null };
      let path: ValuePath | undefined;
      for (const text of sources) {
        const run = functions.get(readReference(text) ?? '');
        for (const one of [shape, this.#shape]) {
          path = run ? readFunctionShape(run, one, scope) : readShape(text, one, scope);
          if (path && path.length > 1 && step.role === 'sleep') reach(one, path).kinds.add('number');
        }
      }
      found.push({ step, key, value, shape });
      return path;
    };
    const toSources = (text: string, bare: boolean): string[] => (bare ? parseBareExpression(text, cache) : parseTemplate(text, cache)).parts.flatMap(part => (typeof part === 'string' ? [] : part.expression.source));
    if (typeof source.when === 'string') add('when', compileCondition(source.when, cache, listUpstream), toSources(source.when, true));
    if (typeof source.for_each === 'string') {
      const path = add('for_each', compileList(source.for_each, cache, listUpstream), toSources(source.for_each, true));
      if (path) {
        item = path.includes(element) ? path : [...path, element];
        for (const one of [this.#shape, ...found.map(({ shape }) => shape)]) markList(one, item);
      }
    }
    const visit = (value: unknown, key: string): void => {
      if (typeof value === 'string' && hasExpression(value)) add(key, compileValue(value, cache, listUpstream), toSources(value, false));
      else if (typeof value === 'object' && value !== null) for (const [name, member] of Object.entries(value)) visit(member, `${key}.${name}`);
    };
    visit(source.with, 'with');
    return found;
  }

  #getStep(id: string): PlannedStep | undefined {
    return this.#plan.steps[this.#plan.positions.get(id) ?? -1];
  }

  #sampleOutput(step: PlannedStep, variant: number): unknown {
    const given = this.#examples.outputs?.[step.id] ?? this.#examples.outputs?.[step.uses];
    if (given && given.length > 0) return given[variant % given.length];
    const path = ['steps', step.id, 'output', ...(step.forEach ? [element] : [])];
    const known = this.#know(path);
    if (step.role === 'flow') {
      const outputs = known.shape?.members.get('outputs');
      return { outputs: outputs && outputs.members.size > 0 ? sampleValue({ ...known, shape: outputs }, variant) : { end: {} } };
    }
    return known.schema === undefined && !known.shape ? { from: step.id, ...(variant > 0 && { variant }) } : sampleValue(known, variant);
  }

  #know(path: ValuePath): Known {
    const isInput = path[0] === 'input';
    const schema = isInput ? this.#plan.definition.input : this.#getSchema(path[1] ?? '');
    let shape: Shape | undefined = this.#shape;
    const from = isInput ? 1 : 3 + (path[3] === element && this.#getStep(path[1] ?? '')?.forEach ? 1 : 0);
    for (const name of path.slice(0, from)) shape = shape?.members.get(name);
    let known: Known = { schema, root: schema, shape, name: isInput ? '' : (path[1] ?? '') };
    for (const name of path.slice(from)) known = toMember(known, name);
    return known;
  }

  /** Of what a step gives, as JSON Schema; undefined: nothing says. */
  #getSchema(stepId: string): unknown {
    if (this.#schemas.has(stepId)) return this.#schemas.get(stepId);
    const step = this.#getStep(stepId);
    const output = step?.role === 'task' ? this.#tools.get(step.target)?.output : undefined;
    let schema: unknown;
    try {
      schema = output && toJsonSchema(output);
    } catch {
      // One that cannot be written as JSON Schema says nothing.
    }
    this.#schemas.set(stepId, schema);
    return schema;
  }

  async #run(value: CompiledValue, { outputs, fails }: FlowWorld, input: unknown, item: { item?: unknown; index?: number } = {}): Promise<unknown> {
    if (value.constant) return value.value;
    const steps = Object.fromEntries(value.references.map(id => {
      const output = this.#getStep(id)?.forEach ? [outputs[id], outputs[id]] : outputs[id];
      return [id, fails.includes(id) ? { output: null, status: 'failed', artifacts: {} } : { output: output ?? null, status: 'completed', artifacts: {} }];
    }));
    return value.evaluate({ input, steps, ...item }, { now: modelStart, seed: 'path', timeLimitMs, room: { maxBytes, used: 0 }, apart: evaluatorProcess });
  }

  async isValid({ input, outputs }: FlowWorld): Promise<boolean> {
    try {
      await validateInput(this.#plan.definition, input, timeLimitMs);
    } catch {
      return false;
    }
    return this.#plan.steps.every(({ id, role, target }) => {
      const output = role === 'task' ? this.#tools.get(target)?.output : undefined;
      if (!output || outputs[id] === undefined) return true;
      const checked = validate(output, outputs[id]);
      // One that takes its time is asked when the path runs.
      return checked instanceof Promise || !checked.issues;
    });
  }

  /** Ways to change a world that an expression may notice, the most promising first. */
  #listVariations({ shape, value }: FlowExpression): ((world: FlowWorld) => FlowWorld)[] {
    const { input = [], outputs: given = {} } = this.#examples;
    const reads = value.references.flatMap(id => this.#getStep(id) ?? []);
    return [
      ...input.map(one => (world: FlowWorld) => ({ ...world, input: one })),
      ...reads.flatMap(({ id, uses }) => (given[id] ?? given[uses] ?? []).map(one => (world: FlowWorld) => ({ ...world, outputs: { ...world.outputs, [id]: one } }))),
      ...listPaths(shape).filter(path => path.length > (path[0] === 'steps' ? 3 : 1)).flatMap(path => listCandidates(this.#know(path)).map(one => (world: FlowWorld) => set(world, path, one, this.#isFanOut))),
      ...[1, 2].flatMap(variant => [
        (world: FlowWorld) => ({ ...world, input: this.createWorld(variant).input }),
        ...reads.map(step => (world: FlowWorld) => ({ ...world, outputs: { ...world.outputs, [step.id]: this.#sampleOutput(step, variant) } })),
      ]),
      ...reads.map(({ id }) => (world: FlowWorld) => ({ ...world, fails: [...world.fails, id] })),
    ];
  }

  readonly #isFanOut = (id: string): boolean => this.#getStep(id)?.forEach != null;
}

/** Every path of a shape, the longest first: what is compared is at the ends. */
function listPaths(shape: Shape, path: ValuePath = []): ValuePath[] {
  return [...shape.members].flatMap(([name, member]) => [...listPaths(member, [...path, name]), [...path, name]]);
}

function markList(shape: Shape, path: ValuePath): void {
  let at: Shape | undefined = shape;
  for (const name of path) {
    if (name === element && at) at.kinds.add('list');
    const next: Shape | undefined = at?.members.get(name);
    if (at && !next && name === element) at.members.set(name, createShape());
    at = at?.members.get(name);
    if (!at) return;
  }
}

/** Puts a value into a world; in a list into its first member, and where nothing is yet, into an object. */
function set(world: FlowWorld, [root, step = '', ...rest]: ValuePath, value: unknown, isFanOut: (id: string) => boolean): FlowWorld {
  if (root === 'input') return { ...world, input: put(world.input, [step, ...rest], value) };
  const inner = rest.slice(1);
  const path = isFanOut(step) && inner[0] === element ? inner.slice(1) : inner;
  return { ...world, outputs: { ...world.outputs, [step]: put(world.outputs[step], path, value) } };
}

function put(into: unknown, [name, ...rest]: ValuePath, value: unknown): unknown {
  if (name === undefined) return value;
  if (name === element) {
    const list = Array.isArray(into) ? into : [];
    return list.length === 0 ? [put(undefined, rest, value)] : list.map((member, index) => (index === 0 ? put(member, rest, value) : (member as unknown)));
  }
  if (Array.isArray(into)) return into.map(member => put(member, [name, ...rest], value));
  const { [name]: member, ...others } = (typeof into === 'object' && into !== null ? into : {}) as Record<string, unknown>;
  const next = put(member, rest, value);
  return next === undefined ? others : { ...others, [name]: next };
}

export const isSameValue = (one: { readonly value: unknown } | undefined, other: { readonly value: unknown } | undefined): boolean => isDeepStrictEqual(one, other);
