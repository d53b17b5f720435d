import type { Column, Row, Table, Value } from './table.ts';

/**
 * The row as the table has it: frozen, its bytes copied.
 *
 * @throws a TypeError that names the column, or the rule
 */
export function requireRow(table: Table, row: Row): Row {
  const copy: { [name: string]: Value } = {};
  for (const [name, column] of Object.entries(table.columns)) copy[name] = requireValue(row[name] ?? null, column, `${table.name}.${name}`);
  for (const rule of table.rules ?? []) {
    const isKept = 'oneOf' in rule ? rule.oneOf.some(name => copy[name] !== null) : copy[rule.if] === null || rule.set.every(name => copy[name] !== null);
    if (!isKept) throw new TypeError(`The row of ${table.name} breaks the rule ${JSON.stringify(rule)}`);
  }
  const { lifecycle } = table;
  if (!lifecycle) return Object.freeze(copy);
  const status = copy[lifecycle.column];
  const state = lifecycle.states[String(status)];
  if (!state) throw new TypeError(`The ${lifecycle.column} \`${String(status)}\` of ${table.name} is none that it can have`);
  const wrong = state.set?.find(name => copy[name] === null) ?? state.empty?.find(name => copy[name] !== null) ?? Object.keys(state.equal ?? {}).find(name => copy[name] !== state.equal?.[name]);
  if (wrong !== undefined) throw new TypeError(`The row of ${table.name} breaks the lifecycle at \`${wrong}\`: it is ${String(status)}`);
  return Object.freeze(copy);
}

function requireValue(value: Value, { type, nullable, least, most }: Column, place: string): Value {
  if (value === null) {
    if (nullable) return value;
    throw new TypeError(`Expected ${place} to be set`);
  }
  if (least !== undefined && (value as number) < least) throw new TypeError(`Expected ${place} to be ≥ ${least}, got \`${String(value)}\``);
  if (most !== undefined && (value as number) > most) throw new TypeError(`Expected ${place} to be ≤ ${most}, got \`${String(value)}\``);
  const isRight =
    type === 'text' ? typeof value === 'string' :
    type === 'integer' ? Number.isSafeInteger(value) :
    type === 'real' ? typeof value === 'number' && !Number.isNaN(value) :
    type === 'any' ? typeof value === 'string' || typeof value === 'number' :
    value instanceof Uint8Array;
  if (!isRight) throw new TypeError(`Expected ${place} to be of type ${type}, got \`${String(value)}\``);
  return value instanceof Uint8Array ? value.slice() : value;
}
