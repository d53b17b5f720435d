import type { ActorRecord } from '../../../persistence/actor-store.ts';
import { FlowError } from '../../core/errors.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { describeValue, didYouMean } from '../../core/wording.ts';
import type { MachineStructure } from './machine-structure.ts';
import type { PromiseOptionsByName } from './promise-runs.ts';

const refuse = (name: string, expected: string, value: unknown): never => {
  throw new FlowError('option_invalid', `Expected \`${name}\` to be ${expected}, got ${describeValue(value)}`);
};

/** @throws a `FlowError` with code `option_invalid` */
export function requireList<Value>(name: string, value: readonly Value[]): readonly Value[] {
  return Array.isArray(value) ? value : refuse(name, 'a list', value);
}

/** @throws a `FlowError` with code `option_invalid` */
export const requireCount = (name: string, value: number): number => (Number.isSafeInteger(value) && value >= 0 ? value : refuse(name, 'an integer ≥ 0', value));

/** Checks what stands in `machines` with a machine. @throws a `FlowError` with code `option_invalid` */
export function requireHosted(given: object): void {
  requireKnownKeys<Partial<Record<'machine' | 'migrations' | 'promises', unknown>>>(given, { machine: true, migrations: true, promises: true }, 'an entry of `machines`');
  const { migrations } = given as { readonly migrations?: unknown };
  if (migrations === undefined) return;
  requireList('migrations', migrations as unknown[]).forEach((one, index) => {
    const { from, to, migrate } = (one ?? {}) as Partial<Record<string, unknown>>;
    if (typeof from !== 'string' || typeof to !== 'string' || typeof migrate !== 'function') refuse(`migrations[${index}]`, '`{ from, to, migrate }`, two versions and a function', one);
  });
}

/** Options for what no machine has are of no use to anybody. @throws a `FlowError` with code `option_invalid` */
export function requirePromiseNames(promises: PromiseOptionsByName | undefined, structure: string): void {
  const names = Object.keys(promises ?? {});
  if (names.length === 0) return;
  const { machines } = JSON.parse(structure) as MachineStructure;
  const known = new Set(machines.flatMap(({ actors }) => Object.keys(actors).filter(src => actors[src] === 'promise')));
  const unknown = names.find(name => !known.has(name));
  if (unknown === undefined) return;
  const what = known.size > 0 ? [...known].join(', ') : 'none';
  throw new FlowError('option_invalid', `Expected names in \`promises\` to be those of promises of the machine \`${machines[0]?.id ?? ''}\` and its children (${what}), got \`${unknown}\`${didYouMean(unknown, known)}`);
}

const statuses: readonly unknown[] = ['active', 'done', 'error', 'stopped'] satisfies ActorRecord['status'][];

/** Checks what `actors` is asked for. @throws a `FlowError` with code `option_invalid` */
export function requireActorFilter<Filter extends object>(filter: Filter): Filter {
  if (typeof filter !== 'object' || filter === null) return refuse('options', 'an object', filter);
  const { status, limit, machineId, after } = requireKnownKeys(filter as Partial<Record<string, unknown>>, { status: true, limit: true, machineId: true, after: true }, '`runtime.actors`');
  if (status !== undefined && !statuses.includes(status)) refuse('status', `one of ${statuses.join(', ')}`, status);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && (limit as number) >= 1)) refuse('limit', 'an integer ≥ 1', limit);
  if (machineId !== undefined && typeof machineId !== 'string') refuse('machineId', 'a text', machineId);
  if (after !== undefined && typeof after !== 'string') refuse('after', 'a text', after);
  return filter;
}
