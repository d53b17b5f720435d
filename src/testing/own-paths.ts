import { toDefinitionError } from '../definition/problem.ts';
import { findExampleMisfits } from './check-examples.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { Tool } from '../kinds/flows/tool.ts';
import { describePath } from './describe-path.ts';
import type { FlowMutant } from './flow-mutants.ts';
import { listFlowMutants } from './flow-mutants.ts';
import type { FlowModel, FlowState } from './flow-model.ts';
import type { FlowExamples, FlowExpression, FlowWorld } from './flow-values.ts';
import { FlowValues, isSameValue } from './flow-values.ts';
import { listNeeded, listPlots } from './list-plots.ts';
import { createOwnModel } from './own-flow.ts';
import type { OwnWalk } from './own-walk.ts';
import { walkOwn } from './own-walk.ts';
import type { PathEvent } from './path-event.ts';
import type { Plot } from './plot.ts';
import { followPlot } from './plot.ts';

/** A way a flow goes by its own expressions, with everything it did. */
export interface OwnPath {
  readonly name: string;
  readonly input: unknown;
  /** What happens from outside; the expressions decide the rest. */
  readonly events: readonly PathEvent[];
  /** What the flow did when it began, and after every event. */
  readonly happens: readonly (readonly string[])[];
}

/** An `OwnPath` as it was walked. */
export interface WalkedPath extends OwnPath {
  readonly walk: OwnWalk;
  /** With stand-ins that give what the path says. */
  readonly model: FlowModel;
}

export interface OwnPathSet {
  readonly model: FlowModel;
  readonly paths: readonly WalkedPath[];
  /** Transitions, joins and outcomes of expressions. */
  readonly covered: ReadonlySet<string>;
  /** Outcomes of expressions for which no values were found. */
  readonly needsValues: readonly string[];
}

export interface OwnPathOptions {
  /** Whose `output` says what its steps give. Default: none. */
  readonly tools?: readonly Tool[];
  readonly examples?: FlowExamples;
  /** Paths made, at most. Default 2,000. */
  readonly maxPaths?: number;
}

/**
 * Makes paths on which a flow runs with its own expressions.
 *
 * One for everything that may go differently at one place, and for each expression enough of them that it comes out in
 * two ways; for a condition true and false, for a list none, one and several items.
 */
export async function makeOwnPaths(definition: FlowDefinition, options: OwnPathOptions = {}): Promise<OwnPathSet> {
  return new Maker(definition, options).make();
}

class Maker {
  readonly #values: FlowValues;
  readonly #model: FlowModel;
  readonly #maxPaths: number;
  readonly #paths = new Map<string, WalkedPath>();
  readonly #names = new Map<string, number>();
  readonly #covered = new Set<string>();
  /** Values that paths have. */
  readonly #worlds = new Set<FlowWorld>();
  /** What `with` came to, by expression. */
  readonly #seen = new Map<FlowExpression, Set<string>>();

  constructor(definition: FlowDefinition, { tools = [], examples, maxPaths = 2_000 }: OwnPathOptions) {
    const misfits = findExampleMisfits(definition, tools);
    if (misfits.length > 0) throw toDefinitionError(misfits, definition.id);
    this.#model = createOwnModel(definition);
    this.#values = new FlowValues(this.#model.flow.plan, tools, addOwnExamples(definition, examples));
    this.#maxPaths = maxPaths;
  }

  async make(): Promise<OwnPathSet> {
    const world = await this.#findUsual();
    for (const plot of listPlots(this.#model.flow.plan, world)) await this.#walk(plot);
    await this.#walk({ world: await this.#findOther(world), label: 'other values' });
    for (const expression of this.#values.expressions) await this.#vary(expression, world);
    for (const mutant of listFlowMutants(this.#model.flow.definition)) if (mutant.inExpression) await this.#tell(mutant, world);
    await this.#missLeastScore();
    const wanted = this.#values.expressions.flatMap(listOutcomes);
    return { model: this.#model, paths: [...this.#paths.values()], covered: this.#covered, needsValues: wanted.filter(item => !this.#covered.has(item)) };
  }

  /** A world in which everything runs: conditions hold, lists have items, nothing fails. */
  async #findUsual(): Promise<FlowWorld> {
    let world = this.#values.createWorld();
    const settled: FlowExpression[] = [];
    for (const expression of this.#values.expressions) {
      const isGood = (result: { readonly value: unknown } | undefined): boolean =>
        result !== undefined && (expression.key === 'when' ? result.value === true : expression.key !== 'for_each' || (result.value as unknown[]).length > 1);
      if (!isGood(await this.#values.evaluate(expression, world))) {
        const kept = await Promise.all(settled.map(one => this.#values.evaluate(one, world)));
        const keeps = async (other: FlowWorld): Promise<boolean> => {
          for (const [index, one] of settled.entries()) if (!isSameKind(kept[index], await this.#values.evaluate(one, other))) return false;
          return other.fails.length === 0;
        };
        world = (await this.#values.find(expression, world, async (result, other) => isGood(result) && (await keeps(other)))) ?? world;
      }
      if (expression.key === 'when' || expression.key === 'for_each') settled.push(expression);
    }
    return world;
  }

  /** One in which as much as can be is different, and everything runs all the same. */
  async #findOther(world: FlowWorld): Promise<FlowWorld> {
    const other = this.#values.createWorld(1);
    let found = world;
    const decisive = this.#values.expressions.filter(({ key }) => key === 'when' || key === 'for_each');
    const runs = async (one: FlowWorld): Promise<boolean> => {
      for (const expression of decisive) if (!isSameKind(await this.#values.evaluate(expression, world), await this.#values.evaluate(expression, one))) return false;
      return this.#values.isValid(one);
    };
    for (const step of [undefined, ...Object.keys(world.outputs)]) {
      const one: FlowWorld = step === undefined ? { ...found, input: other.input } : { ...found, outputs: { ...found.outputs, [step]: other.outputs[step] } };
      if (await runs(one)) found = one;
    }
    return found;
  }

  async #vary(expression: FlowExpression, world: FlowWorld): Promise<void> {
    const { step, key } = expression;
    const usual = await this.#values.evaluate(expression, world);
    const condition = this.#values.expressions.find(one => one.step === step && one.key === 'when');
    for (const outcome of listOutcomes(expression)) {
      if (this.#covered.has(outcome)) continue;
      let left = 5;
      const accept = async (result: { readonly value: unknown } | undefined, other: FlowWorld): Promise<boolean> => {
        if (!isOutcome(outcome, key, result, usual) || (condition && condition !== expression && (await this.#values.evaluate(condition, other))?.value !== true)) return false;
        await this.#walk({ world: other, endings: listNeeded(this.#model.flow.plan, step), label: key.startsWith('with') ? `another ${key} of ${step.id}` : `${step.id} with other values` });
        // Where it would come out so, the step may not run.
        return this.#covered.has(outcome) || --left === 0;
      };
      await this.#values.find(expression, world, accept);
    }
    if (key === 'for_each') {
      const enough = (step.concurrency ?? this.#model.flow.plan.concurrency) + 1;
      const more = await this.#values.find(expression, world, result => Array.isArray(result?.value) && result.value.length >= enough);
      if (more) await this.#walk({ world: more, label: 'many items' });
    }
  }

  /** Finds values that tell a change in an expression from it, unless some that a path has do. */
  async #tell({ definition, stepId, key }: FlowMutant, world: FlowWorld): Promise<void> {
    const expression = this.#values.expressions.find(one => one.step.id === stepId && one.key === key);
    const changed = new FlowValues(createOwnModel(definition).flow.plan, []).expressions.find(one => one.step.id === stepId && one.key === key);
    if (!expression || !changed) return;
    const condition = this.#values.expressions.find(one => one.step === expression.step && one.key === 'when');
    const differs = async (other: FlowWorld): Promise<boolean> =>
      (key === 'when' || !condition || (await this.#values.evaluate(condition, other))?.value === true) &&
      !isSameValue(await this.#values.evaluate(expression, other), await this.#values.evaluate({ ...expression, value: changed.value }, other));
    for (const other of this.#worlds) if (await differs(other)) return;
    let left = 3;
    const accept = async (_result: unknown, other: FlowWorld): Promise<boolean> => {
      if (!(await differs(other))) return false;
      const before = this.#paths.size;
      await this.#walk({ world: other, endings: listNeeded(this.#model.flow.plan, expression.step), label: `${stepId} with other values` });
      return this.#paths.size > before || --left === 0;
    };
    await this.#values.find(expression, world, accept);
  }

  /** A way that ends below the least score though nothing critical has failed, if one failure is enough for it. */
  async #missLeastScore(): Promise<void> {
    const { minScore, steps } = this.#model.flow.plan;
    const isMissed = (): boolean => [...this.#paths.values()].some(({ walk }) => {
      const { score, passed } = (walk.states.at(-1) as FlowState).tree.flow.context;
      return (score ?? 0) > 0 && passed === false;
    });
    for (const world of minScore > 0 ? [...this.#worlds] : []) {
      for (const { id, critical } of steps) if (!critical && !isMissed()) await this.#walk({ world, endings: { [id]: ['fail for good'] }, label: `${id} fails with other values` });
    }
  }

  async #walk(plot: Plot): Promise<void> {
    if (this.#paths.size >= this.#maxPaths) return;
    // Stand-ins for child flows have what this world says they give.
    const model = this.#model.flow.children.length > 0 ? createOwnModel(this.#model.flow.definition, plot.world.outputs) : this.#model;
    let walk: OwnWalk;
    try {
      walk = await walkOwn(model, plot.world.input, followPlot(plot));
    } catch {
      // An input that its schema does not take is no path.
      return;
    }
    const key = JSON.stringify(walk.happens);
    if (this.#paths.has(key) || walk.lost) return;
    this.#worlds.add(plot.world);
    for (const { items } of walk.states) for (const item of items) this.#covered.add(item);
    for (const item of this.#listSeen(walk)) this.#covered.add(item);
    const text = describePath(walk.events, walk.states);
    const name = plot.label === undefined || text.includes('excluded') || text.includes('items') || text.includes('one item') ? text : `${text}; ${plot.label}`;
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    const events = walk.events.filter(({ type }) => type !== 'prepare');
    this.#paths.set(key, { name: count === 1 ? name : `${name} (${count})`, input: plot.world.input, events, happens: walk.happens, walk, model });
  }

  #listSeen({ states, events }: OwnWalk): string[] {
    const last = states.at(-1) as FlowState;
    return this.#values.expressions.flatMap(expression => {
      const { step, key } = expression;
      const prepared = events.find(event => event.type === 'prepare' && event.step === step.id && event.item === undefined) as Extract<PathEvent, { type: 'prepare' }> | undefined;
      if (!prepared) return [];
      if (key === 'when') return prepared.result === 'fail' ? [] : [`${step.id}: when is ${prepared.result === 'start'}`];
      if (key === 'for_each') return prepared.items === undefined ? [] : [`${step.id}: for_each has ${['no items', 'one item'][prepared.items] ?? 'several items'}`];
      const seen = this.#seen.get(expression) ?? new Set();
      this.#seen.set(expression, seen);
      for (const [address, input] of last.inputs) {
        if (address.replace(/\[\d+\]$/, '') !== step.id) continue;
        seen.add(JSON.stringify(key.split('.').slice(1).reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], input)) ?? '');
      }
      return seen.size > 1 ? listOutcomes(expression) : [];
    });
  }
}

/** Those a definition has itself, where none are given. */
function addOwnExamples({ steps }: FlowDefinition, examples: FlowExamples = {}): FlowExamples {
  const own = Object.fromEntries(steps.flatMap(({ id, examples: list }) => (list ? [[id, list]] : [])));
  return { ...examples, outputs: { ...own, ...examples.outputs } };
}

function listOutcomes({ step, key, shape }: FlowExpression): string[] {
  // What reads nothing cannot be told apart by values.
  if (shape.members.size === 0) return [];
  if (key === 'when') return [`${step.id}: when is true`, `${step.id}: when is false`];
  if (key === 'for_each') return ['no items', 'one item', 'several items'].map(items => `${step.id}: for_each has ${items}`);
  return [`${step.id}: ${key} comes out in two ways`];
}

function isOutcome(outcome: string, key: string, result: { readonly value: unknown } | undefined, usual: { readonly value: unknown } | undefined): boolean {
  if (result === undefined) return false;
  if (key === 'when') return outcome.endsWith(' true') === (result.value === true) && (result.value === null || typeof result.value === 'boolean');
  if (key !== 'for_each') return !isSameValue(result, usual);
  const { length } = result.value as unknown[];
  return outcome.endsWith(['no items', 'one item'][length] ?? 'several items');
}

/** Whether the same steps run for it. */
function isSameKind(one: { readonly value: unknown } | undefined, other: { readonly value: unknown } | undefined): boolean {
  if (Array.isArray(one?.value) && Array.isArray(other?.value)) return one.value.length > 1 === other.value.length > 1;
  return (one === undefined) === (other === undefined) && (typeof one?.value !== 'boolean' || one.value === other?.value);
}
