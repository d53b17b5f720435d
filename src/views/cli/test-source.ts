import { resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { WholePathOptions } from '../../testing/whole-paths.ts';
import { builtInTools } from '../../tools/built-in.ts';
import type { CommandContext } from './command-context.ts';
import { readJsonArgument } from './json-argument.ts';
import { loadDefinition } from './load-definition.ts';
import { findToolsBeside, loadToolsModule } from './load-tools.ts';

export interface TestSourceOptions {
  readonly tools?: string;
  readonly examples?: string;
  readonly seed?: number;
}

export interface PathsCommandOptions extends TestSourceOptions {
  readonly strategy?: string;
  readonly emit?: string;
  readonly out?: string;
  readonly limit?: number;
}

export interface TestCommandOptions extends TestSourceOptions {
  readonly crash?: boolean;
  readonly mutate?: boolean;
  readonly seeds?: number;
  readonly mermaid?: boolean;
}

/** Reads the flow that is to be tested, and what tells what its steps give: the tools' schemas, and examples. */
export async function readTestSource(file: string, options: TestSourceOptions, context: CommandContext): Promise<{ readonly definition: FlowDefinition; readonly generation: WholePathOptions }> {
  const { cwd } = context;
  const definition = await loadDefinition(resolve(cwd, file));
  const { tools } = await loadToolsModule(options.tools ?? findToolsBeside(file, cwd), cwd);
  const examples = options.examples === undefined ? undefined : readExamples(readJsonArgument(options.examples, '--examples', cwd));
  return { definition, generation: { tools: [...builtInTools, ...tools], ...(examples && { examples }), ...(options.seed !== undefined && { seed: options.seed }) } };
}

function readExamples(value: unknown): NonNullable<WholePathOptions['examples']> {
  const isRecord = (one: unknown): one is Record<string, unknown> => typeof one === 'object' && one !== null && !Array.isArray(one);
  const { input, outputs, ...others } = isRecord(value) ? value : { unknown: value };
  const isGood = Object.keys(others).length === 0 && (input === undefined || Array.isArray(input)) && (outputs === undefined || (isRecord(outputs) && Object.values(outputs).every(Array.isArray)));
  if (!isGood) throw new FlowError('usage_invalid', `Expected --examples to be \`{ "input": […], "outputs": { "step id or uses": […] } }\`, got ${describeValue(value)}`);
  return value as NonNullable<WholePathOptions['examples']>;
}
