import { tables } from '../../persistence/records/tables.ts';
import type { Records } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { KindDefinition } from '../engine/define-kind.ts';
import { defineKind } from '../engine/define-kind.ts';
import { KeyedKind } from '../engine/keyed-kind.ts';

/** Kinds of the application's own in a runtime. */
export interface OpenedKinds {
  readonly all: readonly KeyedKind[];
  /** Makes their tables. */
  readonly create: () => Promise<void>;
  readonly send: (kind: object, command: object) => Promise<never>;
}

/** @throws a `FlowError` with code `kind_invalid` or `kinds_unsupported` */
export function openKinds(definitions: readonly KindDefinition<object, object, unknown, unknown>[], options: { readonly store: Records; readonly clock: Clock; readonly logger: Logger }): OpenedKinds {
  const { store } = options;
  const byDefinition = new Map<object, KeyedKind>();
  const taken = new Set(tables.map(({ name }) => name));
  for (const definition of definitions) {
    const { name, table } = defineKind(definition);
    if (taken.has(table.name) || [...byDefinition.values()].some(kind => kind.name === name)) {
      throw new FlowError('kind_invalid', `Expected kinds and tables of names of their own, got the kind "${name}" with the table ${table.name} besides another`);
    }
    taken.add(table.name);
    byDefinition.set(definition, new KeyedKind(definition, options));
  }
  const all = [...byDefinition.values()];
  if (all.length > 0 && (!store.createTables || !store.readRows)) {
    throw new FlowError('kinds_unsupported', `Expected a store that keeps tables of kinds, ${store.location} does not. Use one of Flowstone's own, or one made of tables`);
  }
  return {
    all,
    async create() {
      if (all.length > 0) await store.createTables?.(definitions.map(({ table }) => table));
    },
    async send(definition, command) {
      const kind = byDefinition.get(definition);
      if (!kind) throw new FlowError('kind_unknown', 'Expected a kind that `createRuntime` was given in `kinds`');
      return (await kind.send(command)) as never;
    },
  };
}
