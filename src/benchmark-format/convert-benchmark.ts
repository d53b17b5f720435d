import type { Path } from '../definition/problem.ts';
import type { FlowSource } from '../definition/schema.ts';
import { hasExpression } from '../definition/template.ts';
import type { Benchmark, BenchmarkStep } from './benchmark-schema.ts';
import { knownKeys } from './benchmark-schema.ts';
import { type Converted, convertGroundTruth, instructionShare } from './convert-ground-truth.ts';
import { readDependency, toResultId } from './read-benchmark.ts';
import type { Targets } from './targets.ts';

/** Names of the tools that a benchmark is carried out with. */
export const benchmarkToolNames = {
  setup: 'benchmark_setup', agent: 'benchmark_agent', execute: 'benchmark_execute', state: 'benchmark_state', plan: 'benchmark_plan',
} as const;

type StepSource = FlowSource['steps'][number];

/** A flow made of a benchmark, and which key of the file each of its parts is from. */
export interface ConvertedBenchmark {
  readonly source: FlowSource;
  /** Of the assertions, by position. */
  readonly origins: readonly Path[];
}

const history = '{% steps %}';
const setupId = 'setup';

/** Whether it runs here, step by step, or in a process of its own. */
export function toFlowType({ flow_type: flowType, tags }: Pick<Benchmark, 'flow_type' | 'tags'>): 'static' | 'dynamic' {
  return flowType ?? (tags.includes('dynamic') ? 'dynamic' : 'static');
}

/**
 * Turns a benchmark into an ordinary flow.
 *
 * `setup` opens the accounts. Each step of the file becomes two: `step_1` asks the agent, `step_1_result` carries out what it decided. `planned`
 * are the steps of a dynamic one, from its planner.
 */
export function convertBenchmark(benchmark: Benchmark, planned?: readonly StepSource[]): ConvertedBenchmark {
  const { id, description, tags, initial_state: accounts, ground_truth: truth } = benchmark;
  const setup: StepSource = {
    id: setupId,
    uses: `tool:${benchmarkToolNames.setup}`,
    description: 'Opens the accounts; gives the first reading of the state',
    weight: 0,
    with: toPlain({ initial_state: accounts, benchmark: keepRest(benchmark) }),
  };
  const flow: readonly BenchmarkStep[] = benchmark.flow ?? [{ step: 1, prompt: benchmark.prompt, critical: true }];
  const targets = planned ? aimAtPlanned(planned) : aimAtFlow(flow);
  const converted: readonly Converted[] = convertGroundTruth(benchmark, targets);
  const expectsInstructions = truth?.skip_instruction_validation !== true && (truth?.expected_instructions.length ?? 0) > 0;
  // With nothing that is expected, what is left to score is whether the steps could be carried out.
  const weight = expectsInstructions ? (1 - instructionShare) / flow.length : converted.some(one => one.assertion.weight > 0) ? 0 : 1;
  const steps = planned ? planned.map(step => afterSetup(step, weight)) : flow.flatMap((step, at) => toSteps(step, flow[at - 1], tags, weight, expectsInstructions));
  return {
    source: {
      id,
      ...(description !== undefined && { description }),
      flow_type: toFlowType(benchmark),
      min_score: truth?.min_score ?? 0,
      state: { uses: `tool:${benchmarkToolNames.state}`, with: { history }, initial: setupId },
      assertions: converted.map(({ assertion }) => assertion) as NonNullable<FlowSource['assertions']>,
      steps: [setup, ...steps],
    },
    origins: converted.map(({ from }) => from),
  };
}

/** What of the file no step needs: it stays with the flow all the same. */
function keepRest(benchmark: Benchmark): object {
  const unknownOf = (value: object, known: readonly string[]): object => Object.fromEntries(Object.entries(value).filter(([key, member]) => !known.includes(key) && !Array.isArray(member)));
  const { prompt, tags, flow = [], ground_truth: truth = {} } = benchmark;
  const rest = { ground_truth: unknownOf(truth, knownKeys.groundTruth), flow: flow.map(step => unknownOf(step, knownKeys.flowStep)) };
  return {
    prompt,
    tags,
    ...Object.fromEntries(Object.entries(benchmark).filter(([key]) => !knownKeys.benchmark.includes(key))),
    ...(Object.keys(rest.ground_truth).length > 0 && { ground_truth: rest.ground_truth }),
    ...(rest.flow.some(step => Object.keys(step).length > 0) && { flow: rest.flow }),
  };
}

function aimAtFlow(flow: readonly BenchmarkStep[]): Targets {
  const results = flow.map(({ step }) => toResultId(step));
  const last = results.at(-1) ?? toResultId(1);
  return {
    decision: step => `step_${step ?? flow[0]?.step ?? 1}`,
    result: last,
    steps: results,
    calls: step => `steps.${step !== undefined && results.includes(toResultId(step)) ? toResultId(step) : last}.output.calls`,
  };
}

function aimAtPlanned(planned: readonly StepSource[]): Targets {
  const ids = planned.map(({ id }) => id);
  return { decision: step => ids[(step ?? 1) - 1] ?? ids[0] ?? setupId, result: ids.at(-1) ?? setupId, steps: ids, calls: () => 'tool_calls' };
}

/** What is planned begins when the accounts are there. */
function afterSetup(step: StepSource, weight: number): StepSource {
  const dependsOn = step.depends_on ?? [];
  return { ...step, depends_on: dependsOn.length === 0 ? [setupId] : dependsOn, weight: step.weight ?? weight };
}

function toSteps(step: BenchmarkStep, before: BenchmarkStep | undefined, tags: readonly string[], weight: number, expectsInstructions: boolean): StepSource[] {
  const { step: number, prompt, description = prompt, critical, timeout, depends_on: dependsOn } = step;
  const id = `step_${number}`;
  // Steps that say nothing of it run in the order of the file: they all work on one state.
  const results = dependsOn?.map(name => toResultId(readDependency(name) ?? 0)) ?? (before ? [toResultId(before.step)] : []);
  const limit = timeout === undefined ? {} : { timeout: timeout * 1_000 };
  return [
    { id, description, uses: `tool:${benchmarkToolNames.agent}`, depends_on: [...new Set([setupId, ...results])], critical, weight: 0, ...limit, with: { ...(toPlain({ prompt, tags }) as object), history } },
    {
      id: toResultId(number),
      description: `Carries out what \`${id}\` decided`,
      uses: `tool:${benchmarkToolNames.execute}`,
      depends_on: [id],
      // Where right instructions count, that they cannot be carried out costs its own share and no more.
      critical: critical && !expectsInstructions,
      weight,
      ...limit,
      with: { calls: `{% steps.${id}.output.calls %}`, instructions: `{% steps.${id}.output.instructions %}`, history },
    },
  ];
}

/** Writes texts so that nothing in them is taken for an expression. */
function toPlain(value: unknown): NonNullable<StepSource['with']> {
  if (typeof value === 'string') return hasExpression(value) ? `{% ${JSON.stringify(value).replaceAll('%', '\\u0025')} %}` : value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value as NonNullable<StepSource['with']>;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined).map(([key, member]) => [key, toPlain(member)]));
}
