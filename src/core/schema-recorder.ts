import type { z } from 'zod';

/** Calls of `z` that give a schema. Any other member of it is used at once. */
const builders: ReadonlySet<string> = new Set([
  'any', 'array', 'bigint', 'boolean', 'custom', 'date', 'discriminatedUnion', 'enum', 'int', 'intersection', 'json', 'lazy', 'literal', 'looseObject', 'never', 'null',
  'number', 'object', 'preprocess', 'record', 'strictObject', 'string', 'symbol', 'tuple', 'undefined', 'union', 'unknown',
]);
/** Methods of schemas that give a schema. */
const chained: ReadonlySet<string> = new Set([
  'catch', 'catchall', 'default', 'describe', 'extend', 'gt', 'gte', 'int', 'length', 'loose', 'lt', 'lte', 'max', 'min', 'multipleOf', 'nonempty', 'nonnegative', 'nullable', 'nullish', 'omit',
  'optional', 'overwrite', 'partial', 'pick', 'pipe', 'positive', 'readonly', 'refine', 'regex', 'required', 'strict', 'superRefine', 'transform', 'trim',
]);

type Make = () => object;

/**
 * `z` that writes down what is asked of it, and asks zod for it when a schema is first used.
 *
 * The published bundle has it in place of zod: importing Flowstone then neither loads zod nor builds its 200 schemas.
 */
export function recordSchemas(load: () => typeof z): typeof z {
  const recorded = new WeakMap<object, Make>();

  const realize = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const make = recorded.get(value);
    if (make) return make();
    if (Array.isArray(value)) return value.map(realize);
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, realize(member)]));
  };

  const record = (call: () => unknown): object => {
    let made: object | undefined;
    const make: Make = () => (made ??= call() as object);
    // What asks only whether it is a schema needs no schema.
    const readStandard = (): object => Reflect.get(make(), '~standard') as object;
    const standard = new Proxy({ version: 1, vendor: 'zod', validate: (value: unknown) => (readStandard() as { validate(given: unknown): unknown }).validate(value) }, {
      get: (known, key) => (key in known ? Reflect.get(known, key) : Reflect.get(readStandard(), key)) as unknown,
    });
    const schema = new Proxy({}, {
      get(_, key) {
        if (made === undefined && typeof key === 'string' && chained.has(key)) {
          return (...args: unknown[]) => record(() => (Reflect.get(make(), key) as (...given: unknown[]) => unknown)(...args.map(realize)));
        }
        if (made === undefined && key === '~standard') return standard;
        return Reflect.get(make(), key) as unknown;
      },
      has: (_, key) => Reflect.has(make(), key),
      getPrototypeOf: () => Reflect.getPrototypeOf(make()),
    });
    recorded.set(schema, make);
    return schema;
  };

  return new Proxy({} as typeof z, {
    get(_, key) {
      if (typeof key === 'string' && builders.has(key)) {
        return (...args: unknown[]) => record(() => (Reflect.get(load(), key) as (...given: unknown[]) => unknown)(...args.map(realize)));
      }
      return Reflect.get(load(), key) as unknown;
    },
  });
}
