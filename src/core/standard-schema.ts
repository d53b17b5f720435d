import { FlowError } from './errors.ts';

/**
 * A schema of any library that follows Standard Schema 1 (standardschema.dev): zod 3.24 and later, Valibot, ArkType.
 *
 * The interface as its authors publish it to be copied.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Writes the schema as JSON Schema, where the library can. */
    readonly jsonSchema?: { readonly input: (options: { readonly target: 'draft-2020-12' }) => object; readonly output: (options: { readonly target: 'draft-2020-12' }) => object } | undefined;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a value may be to be taken by a schema. */
export type SchemaInput<Schema> = Schema extends StandardSchema ? NonNullable<Schema['~standard']['types']>['input'] : unknown;

/** What a schema makes of a value. */
export type SchemaOutput<Schema> = Schema extends StandardSchema ? NonNullable<Schema['~standard']['types']>['output'] : unknown;

/** A schema of functions carries its methods too: ArkType's are functions. */
export const isStandardSchema = (value: unknown): value is StandardSchema =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof (value as Partial<StandardSchema>)['~standard']?.validate === 'function';

/** Has a schema look at a value; a promise only where its library needs one. */
export const validate = <Output>(schema: StandardSchema<unknown, Output>, value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>> => schema['~standard'].validate(value);

/**
 * As `validate`, where an answer is needed at once.
 *
 * @param name what the schema is of, for the complaint
 * @throws a `FlowError` with code `schema_async`
 */
export function validateAtOnce<Output>(schema: StandardSchema<unknown, Output>, value: unknown, name: string): SchemaResult<Output> {
  const result = validate(schema, value);
  if (!(result instanceof Promise)) return result;
  result.catch(() => undefined);
  throw new FlowError('schema_async', `Expected the schema of ${name} to answer at once, got a promise; leave out what is asynchronous in it, and check that where the value is used`);
}

/** Words for what a schema complains about: `input.amount: Expected number`, ten at most. */
export function listIssues(issues: readonly SchemaIssue[], what: string): string[] {
  return issues.slice(0, 10).map(({ path = [], message }) => `${[what, ...path.map(part => String(typeof part === 'object' ? part.key : part))].join('.')}: ${message}`);
}
