import type { Column, Row, Table, Value } from '../../persistence/table.ts';
import { FlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';
import type { Envelope } from './kind.ts';

/** The tick that is under way, as a kind of somebody's own sees it. */
export interface KindTick<State, Effect = never> {
  /** Epoch ms; the same for everything that happens in one tick. */
  readonly now: number;
  /**
   * The state of an instance that `keysOf` names; what is changed in it is stored.
   *
   * @throws a `FlowError` with code `key_not_loaded` for any other
   */
  get(id: string): State;
  /** Has something done after the commit. */
  perform(effect: Effect): void;
  /** Tells another kind, or another instance, in the same commit. */
  post(envelope: Envelope): void;
}

/** What `perform` may use. */
export interface KindWorld<Command> {
  /** Epoch ms. */
  now(): number;
  /** Tells an instance in one of the next ticks. */
  send(command: Command): void;
}

/**
 * A kind of actors: what its instances are told, and what becomes of them.
 *
 * An instance is a row of `table`, named by its id. `State` has the columns of the table as its members.
 */
export interface KindDefinition<State extends object = object, Command extends object = object, Answer = unknown, Effect = never> {
  /** Letters, digits and `-`; not one of Flowstone's own. */
  readonly name: string;
  /** Made with `defineInstances`. */
  readonly table: Table;
  /** Ids of the instances that a command is decided by, its own first. */
  keysOf(command: Command): readonly string[];
  /** The state of an instance. @param row undefined: there is none */
  load(id: string, row: Row | undefined): State;
  /**
   * Decides a command, without I/O and without a clock. Changes the state in place, or returns `refuse(error)` before it does.
   *
   * @param command null: what `due` said has come
   */
  apply(state: State, command: Command | null, tick: KindTick<State, Effect>): Answer;
  /** When the instance is to be told that its time has come, epoch ms; null: never. */
  due(state: State): number | null;
  /** Whether it has come to its end, and may be deleted after `retentionMs`. */
  isSettled(state: State): boolean;
  /** Does something after the commit that says so. It is lost with the process: what must not be lost follows from `due`. */
  perform?(effect: Effect, world: KindWorld<Command>): void;
}

const keys: KeysOf<KindDefinition> = { name: true, table: true, keysOf: true, load: true, apply: true, due: true, isSettled: true, perform: true };
const ownNames: ReadonlySet<string> = new Set(['flow', 'flows', 'actor', 'actors', 'queue', 'queues', 'kind']);
const ownColumns = ['id', 'seq', 'dueAt', 'settledAt'];

/**
 * Declares a kind of actors, for `createRuntime({ kinds })`.
 *
 * @throws a `FlowError` with code `kind_invalid`
 */
export function defineKind<State extends object, Command extends object, Answer = unknown, Effect = never>(definition: KindDefinition<State, Command, Answer, Effect>): KindDefinition<State, Command, Answer, Effect> {
  const { name, table, perform } = requireKnownKeys(definition as unknown as KindDefinition, keys, '`defineKind`', 'kind_invalid');
  if (typeof name !== 'string' || !/^[a-z][A-Za-z0-9-]{0,49}$/.test(name) || ownNames.has(name)) {
    throw new FlowError('kind_invalid', `Expected \`name\` of a kind to be letters, digits and \`-\`, and none of Flowstone's own, got ${describeValue(name)}`);
  }
  for (const part of ['keysOf', 'load', 'apply', 'due', 'isSettled'] as const) requireFunction(name, part, definition[part]);
  if (perform !== undefined) requireFunction(name, 'perform', perform);
  if (!ownColumns.every(column => column in (table?.columns ?? {}))) throw new FlowError('kind_invalid', `Expected \`table\` of the kind "${name}" to be made with \`defineInstances\``);
  return definition;
}

function requireFunction(name: string, part: string, value: unknown): void {
  if (typeof value !== 'function') throw new FlowError('kind_invalid', `Expected \`${part}\` of the kind "${name}" to be a function, got ${describeValue(value)}`);
}

/**
 * Declares the table of a kind: a row for each instance.
 *
 * Beside the columns that are given it has `id`, `seq` (commands that have changed it), `dueAt` and `settledAt`, which the runtime keeps.
 *
 * @param name as a database calls it: small letters, digits and `_`
 * @throws a `FlowError` with code `kind_invalid`
 */
export function defineInstances(name: string, columns: { readonly [name: string]: Column }): Table {
  if (!/^[a-z][a-z0-9_]{0,49}$/.test(name)) throw new FlowError('kind_invalid', `Expected the name of a table to be small letters, digits and \`_\`, got ${describeValue(name)}`);
  const taken = ownColumns.find(column => column in columns);
  if (taken !== undefined) throw new FlowError('kind_invalid', `Expected columns of the table ${name} beside those of the runtime, got \`${taken}\``);
  const time = { type: 'integer', nullable: true } as const;
  return {
    name,
    columns: { id: { type: 'text' }, seq: { type: 'integer', least: 1 }, dueAt: time, settledAt: time, ...columns },
    key: ['id'],
    indexes: {
      [`${name}_due`]: { columns: ['dueAt', 'id'], where: { column: 'dueAt', isSet: true } },
      [`${name}_settled`]: { columns: ['settledAt', 'id'], where: { column: 'settledAt', isSet: true } },
    },
  };
}

/** The values of a state in the order of its table's columns. */
export const toRowValues = (table: Table, state: object): Value[] => Object.keys(table.columns).map(column => (state as { readonly [column: string]: Value })[column] ?? null);
