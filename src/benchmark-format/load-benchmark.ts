import { FlowError } from '../core/errors.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue, formatPath } from '../core/wording.ts';
import { createPlan } from '../definition/compile-flow.ts';
import { examine, locateByPath } from '../definition/examine.ts';
import { readDefinition } from '../definition/load-flow.ts';
import { isObject } from '../definition/outline.ts';
import { type Finding, type Problem, toDefinitionError } from '../definition/problem.ts';
import type { FlowDefinition, FlowSource } from '../definition/schema.ts';
import { readYaml, type YamlSource } from '../definition/yaml-source.ts';
import type { Benchmark } from './benchmark-schema.ts';
import { checkBenchmark } from './check-benchmark.ts';
import { benchmarkToolNames, convertBenchmark, toFlowType } from './convert-benchmark.ts';
import { isBenchmark, readBenchmark } from './read-benchmark.ts';

/** Plans the steps of a dynamic benchmark: `{ steps: [...] }`, as in a flow. Must give the same for the same file. */
export type PlanBenchmark = (benchmark: Pick<Benchmark, 'id' | 'prompt' | 'tags' | 'initial_state'>) => unknown;

export interface LoadBenchmarkOptions {
  /** Asked for the steps of a dynamic file without `flow`; without it, the agent is asked as for a static one. */
  readonly plan?: PlanBenchmark | undefined;
  /** Names of the tools there are. Default: any name will do. */
  readonly tools?: readonly string[] | undefined;
}

/** A benchmark file made into a flow. */
export interface LoadedBenchmark {
  readonly definition: FlowDefinition;
  /** What contradicts itself in the file, with line and column. It runs all the same. */
  readonly doubts: readonly Problem[];
}

/** Tells by a glance whether a text may be a benchmark file; `readBenchmarkText` says for sure. */
export const mayBeBenchmark = (text: string): boolean => /^\s*["']?(?:ground_truth|initial_state)["']?\s*:/m.test(text);

/**
 * Reads a benchmark file of the predecessor and makes an ordinary flow of it.
 *
 * At most 4 MiB. It needs tools named `benchmark_setup`, `benchmark_agent`, `benchmark_execute` and `benchmark_state` to run.
 *
 * @throws a `FlowError` with code `definition_invalid`, `definition_unreadable` or `definition_too_large`
 */
export async function loadBenchmark(file: string, options: LoadBenchmarkOptions = {}): Promise<LoadedBenchmark> {
  requireKnownKeys(options, { plan: true, tools: true }, '`loadBenchmark`');
  const loaded = await readBenchmarkText(await readDefinition(file), file, options);
  if (loaded) return loaded;
  throw toDefinitionError([{ code: 'invalid_value', message: 'Expected a benchmark file (`ground_truth`, or `prompt` and `initial_state`, and no `steps`), got something else', place: { file, line: 1, column: 1 }, expected: 'a benchmark file', found: 'something else' }], file);
}

/** Makes a flow of a benchmark's text; undefined when it is no benchmark. */
export async function readBenchmarkText(text: string, file: string, { plan, tools }: LoadBenchmarkOptions = {}): Promise<LoadedBenchmark | undefined> {
  const source = readYaml(text, file);
  if ('problems' in source || !isBenchmark(source.value)) return undefined;
  const read = readBenchmark(source.value);
  if ('findings' in read) throw toDefinitionError(read.findings.map(finding => place(finding, source)).toSorted(byPlace), file);
  const { benchmark } = read;
  const planned = plan && toFlowType(benchmark) === 'dynamic' && !benchmark.flow ? await askPlanner(benchmark, plan, file) : undefined;
  const converted = convertBenchmark(benchmark, planned);
  const examined = examine(converted.source, locateByPath, { tools });
  if ('problems' in examined) throw toDefinitionError(examined.problems.map(problem => ({ ...problem, place: { file, ...problem.place } })), `the flow made of ${file}`);
  return { definition: createPlan(examined).definition, doubts: (await checkBenchmark(benchmark, converted)).map(finding => place(finding, source)).toSorted(byPlace) };
}

async function askPlanner(benchmark: Benchmark, plan: PlanBenchmark, file: string): Promise<FlowSource['steps']> {
  const { id, prompt, tags, initial_state: accounts } = benchmark;
  let planned: unknown;
  try {
    planned = await plan({ id, prompt, tags, initial_state: accounts });
  } catch (cause) {
    throw new FlowError('benchmark_not_planned', `Expected \`${benchmarkToolNames.plan}\` to plan the steps of ${file}, got an error: ${cause instanceof Error ? cause.message : String(cause)}`, { place: { file }, cause });
  }
  const steps = isObject(planned) ? planned['steps'] : undefined;
  if (Array.isArray(steps)) return steps as FlowSource['steps'];
  throw new FlowError('benchmark_not_planned', `Expected \`${benchmarkToolNames.plan}\` to give \`{ steps: [...] }\` for ${file}, got ${describeValue(planned)}`, { place: { file } });
}

const byPlace = (a: Problem, b: Problem): number => (a.place.line ?? 0) - (b.place.line ?? 0) || (a.place.column ?? 0) - (b.place.column ?? 0);

function place(finding: Finding, { locate }: YamlSource): Problem {
  const { code, path, expected, found } = finding;
  return { code, message: finding.message ?? `Expected \`${formatPath(path)}\` to be ${expected}, got ${found}`, place: locate(finding), expected, found };
}
