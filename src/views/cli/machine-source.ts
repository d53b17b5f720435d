import { resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { describeValue, didYouMean } from '../../core/wording.ts';
import type { AnyMachine, TestMachineOptions } from '../../testing/test-machine.ts';
import type { CommandContext } from './command-context.ts';
import type { ModulePlace } from './flow-exports.ts';
import { readJsonArgument } from './json-argument.ts';
import { loadMachines } from './load-tools.ts';
import type { TestSourceOptions } from './test-source.ts';

type Generation = Omit<TestMachineOptions, 'crash' | 'mutate'>;

export interface MachineSource {
  readonly file: string;
  readonly machines: readonly AnyMachine[];
  readonly generation: Generation;
}

/** Reads the machines that are to be tested, and what may happen to them. */
export async function readMachineSource({ file, id }: ModulePlace, options: TestSourceOptions, { cwd }: Pick<CommandContext, 'cwd'>): Promise<MachineSource> {
  const all = (await loadMachines(file, cwd)).map(({ machine }) => machine as unknown as AnyMachine);
  const machines = id === undefined ? all : all.filter(machine => machine.id === id);
  const ids = all.map(machine => machine.id);
  if (machines.length === 0) throw new FlowError('machine_unknown', `Expected a machine of \`${file}\` after the #, got \`${id}\`${didYouMean(String(id), ids)}. It has ${ids.map(one => `\`${one}\``).join(', ')}`);
  return { file: resolve(cwd, file), machines, generation: options.examples === undefined ? {} : readExamples(readJsonArgument(options.examples, '--examples', cwd)) };
}

function readExamples(value: unknown): Generation {
  const { events, input, services, ...others } = (typeof value === 'object' && value !== null ? value : { unknown: value }) as { events?: unknown; input?: unknown; services?: unknown };
  const isGood = Object.keys(others).length === 0 && (events === undefined || Array.isArray(events)) && (input === undefined || Array.isArray(input)) && (services === undefined || (typeof services === 'object' && services !== null));
  if (!isGood) throw new FlowError('usage_invalid', `Expected --examples for a machine to be \`{ "events": […], "input": […], "services": { "name": { "done": […], "error": […] } } }\`, got ${describeValue(value)}`);
  const [first, ...inputs] = (input ?? []) as unknown[];
  return {
    ...(events !== undefined && { events: events as NonNullable<Generation['events']> }),
    ...(input !== undefined && { input: first as never, inputs: inputs as never[] }),
    ...(services !== undefined && { services: toErrors(services as NonNullable<Generation['services']>) }),
  };
}

/** On the command line an error is a text, or an object with a `message`. */
function toErrors(services: NonNullable<Generation['services']>): NonNullable<Generation['services']> {
  const toError = (value: unknown): Error => new Error(typeof value === 'string' ? value : String((value as { message?: unknown } | null)?.message ?? JSON.stringify(value)));
  return Object.fromEntries(Object.entries(services).map(([name, { error, ...rest }]) => [name, { ...rest, ...(error && { error: error.map(toError) }) }]));
}
