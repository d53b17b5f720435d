interface AnyRef {
  readonly id: string;
  getSnapshot(): unknown;
}

const isRef = (value: unknown): value is AnyRef => typeof value === 'object' && value !== null && 'getSnapshot' in value && 'id' in value;

/**
 * A value as JSON would keep it, with words for what JSON loses: `undefined` is told from what is not there, NaN from null, -0 from 0.
 *
 * References to actors stand as their ids, errors as their messages.
 */
export function tellApart(value: unknown): unknown {
  if (isRef(value)) return { actor: value.id };
  if (value instanceof Error) return value.message;
  if (value === undefined || typeof value === 'bigint') return `«${typeof value} ${String(value)}»`;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : `«${Object.is(value, -0) ? '-0' : value}»`;
  if (Array.isArray(value)) return Array.from(value, (item: unknown, index) => (index in value ? tellApart(item) : '«empty»'));
  if (value instanceof Map || value instanceof Set) return { [value.constructor.name]: [...value].map(tellApart) };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tellApart(one)]));
}
